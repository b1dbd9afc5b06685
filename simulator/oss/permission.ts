/** Lists the actions and resources that RAM must allow for an operation. */
import { readDeleteList } from './delete-list.ts';
import type { Operation } from './operation.ts';
import { type OssRequest, readCopySource } from './request.ts';

/** One permission that an operation needs. */
export interface NeededPermission {
  readonly action: string;
  readonly bucket: string;
  readonly key: string;
}

/** https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements */
export const ACTIONS: Readonly<Record<Operation, string>> = {
  ListBuckets: 'oss:ListBuckets',
  GetBucketInfo: 'oss:GetBucketInfo',
  GetBucketCors: 'oss:GetBucketCors',
  GetBucketLocation: 'oss:GetBucketLocation',
  // an assumption: which action the S3 side asks for is not documented
  HeadBucket: 'oss:GetBucketInfo',
  ListObjects: 'oss:ListObjects',
  ListMultipartUploads: 'oss:ListMultipartUploads',
  DeleteMultipleObjects: 'oss:DeleteObject',
  PutObject: 'oss:PutObject',
  PostObject: 'oss:PutObject',
  AppendObject: 'oss:PutObject',
  PutSymlink: 'oss:PutObject',
  CopyObject: 'oss:PutObject',
  InitiateMultipartUpload: 'oss:PutObject',
  UploadPart: 'oss:PutObject',
  UploadPartCopy: 'oss:PutObject',
  CompleteMultipartUpload: 'oss:PutObject',
  GetObject: 'oss:GetObject',
  HeadObject: 'oss:GetObject',
  GetSymlink: 'oss:GetObject',
  DeleteObject: 'oss:DeleteObject',
  PutObjectACL: 'oss:PutObjectAcl',
  GetObjectACL: 'oss:GetObjectAcl',
  PutObjectTagging: 'oss:PutObjectTagging',
  GetObjectTagging: 'oss:GetObjectTagging',
  DeleteObjectTagging: 'oss:DeleteObjectTagging',
  AbortMultipartUpload: 'oss:AbortMultipartUpload',
  ListParts: 'oss:ListParts',
};

/** The further action that a request with a version needs. */
const VERSION_ACTIONS: ReadonlyMap<string, string> = new Map([
  ['oss:GetObject', 'oss:GetObjectVersion'],
  ['oss:DeleteObject', 'oss:DeleteObjectVersion'],
  ['oss:PutObjectAcl', 'oss:PutObjectVersionAcl'],
  ['oss:GetObjectAcl', 'oss:GetObjectVersionAcl'],
  ['oss:PutObjectTagging', 'oss:PutObjectVersionTagging'],
  ['oss:GetObjectTagging', 'oss:GetObjectVersionTagging'],
  ['oss:DeleteObjectTagging', 'oss:DeleteObjectVersionTagging'],
]);

/** Every permission that the operation needs; at least one. Throws an OssError for an unreadable body. */
export function neededPermissions(
  operation: Operation,
  request: OssRequest,
): readonly NeededPermission[] {
  const { bucket, key, headers, query } = request;
  const action = ACTIONS[operation];
  if (operation === 'DeleteMultipleObjects') {
    return readDeleteList(request).objects.flatMap((object) =>
      withVersion({ action, bucket, key: object.key }, object.versionId),
    );
  }
  const needed = withVersion({ action, bucket, key }, query.get('versionId'));
  const source = readCopySource(request);
  if (source !== undefined && (operation === 'CopyObject' || operation === 'UploadPartCopy')) {
    const read = { action: 'oss:GetObject', bucket: source.bucket, key: source.key };
    needed.push(...withVersion(read, source.versionId));
  }
  if (headers['x-oss-tagging'] !== undefined && action === 'oss:PutObject') {
    needed.push({ action: 'oss:PutObjectTagging', bucket, key });
  }
  return needed;
}

function withVersion(needed: NeededPermission, versionId: string | undefined): NeededPermission[] {
  const action = versionId === undefined ? undefined : VERSION_ACTIONS.get(needed.action);
  return action === undefined ? [needed] : [needed, { ...needed, action }];
}
