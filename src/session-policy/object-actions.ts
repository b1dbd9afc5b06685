/** The OSS actions that a session policy may hold, and which of them each permission stands for. */
import type { Permission } from '../config/config.ts';

/**
 * Every action that a grant may add: each works on one object and none on a bucket, its policy,
 * its ACL or its lifecycle, nor on RAM or STS. In the order in which they are rendered.
 * https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements
 */
export const OBJECT_ACTIONS: readonly string[] = [
  'oss:GetObject',
  'oss:PutObject',
  'oss:AbortMultipartUpload',
  'oss:ListParts',
  'oss:DeleteObject',
  'oss:GetObjectVersion',
  'oss:DeleteObjectVersion',
  'oss:RestoreObject',
  'oss:RestoreObjectVersion',
  'oss:GetObjectAcl',
  'oss:PutObjectAcl',
  'oss:GetObjectVersionAcl',
  'oss:PutObjectVersionAcl',
  'oss:GetObjectTagging',
  'oss:PutObjectTagging',
  'oss:DeleteObjectTagging',
  'oss:GetObjectVersionTagging',
  'oss:PutObjectVersionTagging',
  'oss:DeleteObjectVersionTagging',
];

/** The actions that take `x-oss-object-acl`, with which an object can be made public. */
export const PUBLISHING_ACTIONS: readonly string[] = [
  'oss:PutObject',
  'oss:PutObjectAcl',
  'oss:PutObjectVersionAcl',
];

/** The one action on a bucket that is ever rendered, for the permission `list`. */
export const LIST_ACTION = 'oss:ListObjects';

/**
 * The object actions of each permission. Multipart uploads have no action of their own beyond these;
 * `oss:ListMultipartUploads` is left out because it shows the uploads of the whole bucket.
 */
export const PERMISSION_ACTIONS: Readonly<Record<Permission, readonly string[]>> = {
  read: ['oss:GetObject'],
  write: ['oss:PutObject', 'oss:AbortMultipartUpload', 'oss:ListParts'],
  delete: ['oss:DeleteObject'],
  list: [],
};
