/** AppendObject: creates an appendable object, or adds to its end. */
import type { OssAnswer } from './answer.ts';
import { ossError } from './error.ts';
import { type OssObjects, toObject } from './objects.ts';
import type { OssRequest } from './request.ts';
import { checkDigest, checkNewObject, readProperties } from './write-object.ts';

/**
 * The first append sets the properties; those of later ones are ignored. Unlike with OSS, the ETag is
 * the MD5 of the content. Throws an OssError.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject
 */
export function appendObject(objects: OssObjects, request: OssRequest, nowMs: number): OssAnswer {
  const { bucket, key, body } = request;
  const existing = objects.get(bucket, key);
  const position = readPosition(request);
  checkNewObject(objects, request);
  checkDigest(request);
  if (existing !== undefined && existing.isAppendable !== true) {
    throw ossError('ObjectNotAppendable');
  }
  if (position !== (existing?.body.length ?? 0)) throw ossError('PositionNotEqualToLength');
  const whole = existing === undefined ? body : Buffer.concat([existing.body, body]);
  const object = toObject(whole, existing ?? readProperties(request), nowMs);
  objects.put(bucket, key, { ...object, isAppendable: true });
  const headers = {
    etag: object.etag,
    'x-oss-hash-crc64ecma': object.crc64,
    'x-oss-next-append-position': String(whole.length),
  };
  return { status: 200, headers };
}

function readPosition({ query }: OssRequest): number {
  const text = query.get('position');
  if (text === undefined) throw ossError('MissingPosition');
  if (!/^\d{1,15}$/.test(text)) throw ossError('InvalidArgument', 'position is not a number.');
  return Number(text);
}
