/** Writes objects: PutObject, CopyObject, and the properties and checks that all uploads share. */
import { createHash } from 'node:crypto';
import { type OssAnswer, xmlAnswer } from './answer.ts';
import { ossError } from './error.ts';
import { type ObjectProperties, type OssObjects, type StoredObject, toObject } from './objects.ts';
import { type OssRequest, readCopySource } from './request.ts';
import { element, instant, xmlDocument } from './xml.ts';

const ACLS: ReadonlySet<string> = new Set([
  'default',
  'private',
  'public-read',
  'public-read-write',
]);

/** Headers that are stored with an object unchanged. */
const KEPT_HEADERS: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
]);

const MAX_KEY_BYTES = 1023;

/** Performs PutObject and PostObject. Throws an OssError. */
export function putObject(objects: OssObjects, request: OssRequest, nowMs: number): StoredObject {
  checkNewObject(objects, request);
  checkDigest(request);
  const object = toObject(request.body, readProperties(request), nowMs);
  objects.put(request.bucket, request.key, object);
  return object;
}

/**
 * A copy of a symbolic link is a link.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/copyobject. Throws an OssError.
 */
export function copyObject(objects: OssObjects, request: OssRequest, nowMs: number): OssAnswer {
  checkNewObject(objects, request);
  const original = readSource(objects, request);
  const isReplacing = request.headers['x-oss-metadata-directive']?.toUpperCase() === 'REPLACE';
  const { contentType, headers, acl, tagging } = readProperties(request);
  const isRetagged = request.headers['x-oss-tagging-directive']?.toUpperCase() === 'REPLACE';
  const copy = {
    ...original,
    ...(isReplacing ? { contentType, headers } : {}),
    ...(isRetagged ? { tagging } : {}),
    acl,
    modifiedAtMs: nowMs,
    isAppendable: false,
  };
  objects.put(request.bucket, request.key, copy);
  return xmlAnswer(
    xmlDocument('CopyObjectResult', [
      element('ETag', copy.etag),
      element('LastModified', instant(nowMs)),
    ]),
  );
}

/** The object that a copy is made of. Throws an OssError. */
export function readSource(objects: OssObjects, request: OssRequest): StoredObject {
  const source = readCopySource(request);
  const object = source && objects.get(source.bucket, source.key);
  if (object === undefined) throw ossError('NoSuchKey');
  return object;
}

/** Reads the properties of the new object from the headers of an upload. Throws an OssError. */
export function readProperties({ headers }: OssRequest): ObjectProperties {
  const kept = Object.entries(headers).filter(
    ([name]) => name.startsWith('x-oss-meta-') || KEPT_HEADERS.has(name),
  );
  return {
    contentType: headers['content-type'] ?? 'application/octet-stream',
    acl: readAcl(headers['x-oss-object-acl']),
    tagging: toTagging(headers['x-oss-tagging']),
    headers: Object.fromEntries(kept),
  };
}

/** Accepts exactly the four ACLs, because a policy compares the header exactly too. Throws an OssError. */
export function readAcl(header: string | undefined): string {
  const acl = header ?? 'default';
  if (!ACLS.has(acl)) throw ossError('InvalidArgument', 'There is no such object ACL.');
  return acl;
}

/** Throws an OssError for an invalid key, and for an object that must not be overwritten. */
export function checkNewObject(objects: OssObjects, { bucket, key, headers }: OssRequest): void {
  if (/^[/\\]/.test(key) || key === '' || Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw ossError('InvalidObjectName');
  }
  const isKept = headers['x-oss-forbid-overwrite'] === 'true';
  if (isKept && objects.get(bucket, key) !== undefined) throw ossError('FileAlreadyExists');
}

/** Throws an OssError if `Content-MD5` does not match the body. */
export function checkDigest({ headers, body }: OssRequest): void {
  const sent = headers['content-md5'];
  if (sent === undefined) return;
  if (createHash('md5').update(body).digest('base64') !== sent) throw ossError('InvalidDigest');
}

/** Turns `a=1&b=2` into the document of GetObjectTagging. */
function toTagging(header: string | undefined): string {
  if (header === undefined) return '';
  const tags = [...new URLSearchParams(header)].map(([key, value]) =>
    element('Tag', [element('Key', key), element('Value', value)]),
  );
  return xmlDocument('Tagging', [element('TagSet', tags)]);
}
