/** Which operation a request is, and which actions on which resource RAM must allow for it. */

import { ossError } from './oss-error.ts';
import type { OssRequest } from './oss-request.ts';

export type Operation =
  | 'ListBuckets'
  | 'GetBucketInfo'
  | 'ListObjects'
  | 'ListMultipartUploads'
  | 'DeleteMultipleObjects'
  | 'PutObject'
  | 'PostObject'
  | 'CopyObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'PutObjectACL'
  | 'GetObjectACL'
  | 'PutObjectTagging'
  | 'GetObjectTagging'
  | 'InitiateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts';

/** One permission that an operation needs. */
export interface NeededPermission {
  readonly action: string;
  readonly bucket: string;
  readonly key: string;
}

/** Recognises the operation by method and sub-resource. Throws an OssError for others. */
export function readOperation({ method, bucket, key, query, headers }: OssRequest): Operation {
  if (bucket === '') {
    if (method === 'GET') return 'ListBuckets';
    throw ossError('MethodNotAllowed');
  }
  const has = (name: string) => query.has(name);
  if (key === '') {
    if (method === 'GET' && has('bucketInfo')) return 'GetBucketInfo';
    if (method === 'GET' && has('uploads')) return 'ListMultipartUploads';
    if (method === 'GET' && !has('acl') && !has('policy')) return 'ListObjects';
    if (method === 'POST' && has('delete')) return 'DeleteMultipleObjects';
    if (method === 'POST' && headers['content-type']?.startsWith('multipart/form-data')) {
      return 'PostObject';
    }
    throw ossError('NotImplemented');
  }
  if (method === 'PUT') {
    if (has('acl')) return 'PutObjectACL';
    if (has('tagging')) return 'PutObjectTagging';
    if (has('partNumber') && has('uploadId')) return 'UploadPart';
    return headers['x-oss-copy-source'] === undefined ? 'PutObject' : 'CopyObject';
  }
  if (method === 'GET') {
    if (has('acl')) return 'GetObjectACL';
    if (has('tagging')) return 'GetObjectTagging';
    return has('uploadId') ? 'ListParts' : 'GetObject';
  }
  if (method === 'HEAD') return 'HeadObject';
  if (method === 'DELETE') return has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
  if (method === 'POST' && has('uploads')) return 'InitiateMultipartUpload';
  if (method === 'POST' && has('uploadId')) return 'CompleteMultipartUpload';
  throw ossError('NotImplemented');
}

/** https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements */
const ACTIONS: Readonly<Partial<Record<Operation, string>>> = {
  ListBuckets: 'oss:ListBuckets',
  GetBucketInfo: 'oss:GetBucketInfo',
  ListObjects: 'oss:ListObjects',
  ListMultipartUploads: 'oss:ListMultipartUploads',
  PutObject: 'oss:PutObject',
  PostObject: 'oss:PutObject',
  CopyObject: 'oss:PutObject',
  InitiateMultipartUpload: 'oss:PutObject',
  UploadPart: 'oss:PutObject',
  CompleteMultipartUpload: 'oss:PutObject',
  GetObject: 'oss:GetObject',
  HeadObject: 'oss:GetObject',
  DeleteObject: 'oss:DeleteObject',
  PutObjectACL: 'oss:PutObjectAcl',
  GetObjectACL: 'oss:GetObjectAcl',
  PutObjectTagging: 'oss:PutObjectTagging',
  GetObjectTagging: 'oss:GetObjectTagging',
  AbortMultipartUpload: 'oss:AbortMultipartUpload',
  ListParts: 'oss:ListParts',
};

/** Every permission that the operation needs; `keys` are those of a DeleteMultipleObjects. */
export function neededPermissions(
  operation: Operation,
  { bucket, key, headers, query }: OssRequest,
  keys: readonly string[],
): readonly NeededPermission[] {
  if (operation === 'DeleteMultipleObjects') {
    return keys.map((one) => ({ action: 'oss:DeleteObject', bucket, key: one }));
  }
  const action = ACTIONS[operation] ?? '';
  const needed = [{ action, bucket, key }];
  if (operation === 'CopyObject') {
    const source = decodeURIComponent(headers['x-oss-copy-source'] ?? '').replace(/^\//, '');
    const slash = source.indexOf('/');
    needed.push({
      action: 'oss:GetObject',
      bucket: source.slice(0, slash),
      key: source.slice(slash + 1),
    });
  }
  if (query.has('versionId')) needed.push({ action: `${action}Version`, bucket, key });
  if (headers['x-oss-tagging'] !== undefined && action === 'oss:PutObject') {
    needed.push({ action: 'oss:PutObjectTagging', bucket, key });
  }
  return needed;
}
