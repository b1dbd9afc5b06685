/** Symbolic links: PutSymlink, GetSymlink, and the destination of a link. */
import type { OssAnswer } from './answer.ts';
import { ossError } from './error.ts';
import { type OssObjects, type StoredObject, toObject } from './objects.ts';
import { decodeOnce, type OssRequest } from './request.ts';
import { checkNewObject, readProperties } from './write-object.ts';

/**
 * Makes a link. As with OSS, the destination is in the same bucket, need not exist, and is not
 * checked. Throws an OssError.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/putsymlink
 */
export function putSymlink(objects: OssObjects, request: OssRequest, nowMs: number): OssAnswer {
  const { bucket, key, headers } = request;
  checkNewObject(objects, request);
  const symlinkTarget = decodeOnce(headers['x-oss-symlink-target'] ?? '');
  checkNewObject(objects, { ...request, key: symlinkTarget, headers: {} });
  const link = toObject(Buffer.alloc(0), readProperties(request), nowMs);
  objects.put(bucket, key, { ...link, symlinkTarget });
  return { status: 200, headers: { etag: link.etag } };
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/getsymlink. Throws an OssError. */
export function getSymlink({ symlinkTarget, etag, modifiedAtMs }: StoredObject): OssAnswer {
  if (symlinkTarget === undefined) throw ossError('NotSymlink');
  const headers = {
    'x-oss-symlink-target': encodeURIComponent(symlinkTarget).replaceAll('%2F', '/'),
    'last-modified': new Date(modifiedAtMs).toUTCString(),
    etag,
  };
  return { status: 200, headers };
}

/** The key that the link of this key leads to; undefined if there is no link. */
export function destinationOf(
  objects: OssObjects,
  { bucket, key }: Pick<OssRequest, 'bucket' | 'key'>,
): string | undefined {
  return objects.get(bucket, key)?.symlinkTarget;
}

/** The object itself, or the destination if it is a link. Throws an OssError. */
export function followSymlink(
  objects: OssObjects,
  bucket: string,
  object: StoredObject,
): StoredObject {
  const { symlinkTarget } = object;
  if (symlinkTarget === undefined) return object;
  const destination = objects.get(bucket, symlinkTarget);
  if (destination === undefined) throw ossError('SymlinkTargetNotExist');
  if (destination.symlinkTarget !== undefined) throw ossError('InvalidTargetType');
  return destination;
}
