/** Defines the OSS actions that a session policy may contain, and the actions of each permission. */
import type { Permission } from '../config/config.ts';

/**
 * Every action that a grant may allow, in rendering order. Each works on one object. None works on a
 * bucket, its policy, its ACL or its lifecycle, or on RAM or STS.
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

/** The actions that accept `x-oss-object-acl`, which can make an object public. */
export const PUBLISHING_ACTIONS: readonly string[] = [
  'oss:PutObject',
  'oss:PutObjectAcl',
  'oss:PutObjectVersionAcl',
];

/** The only bucket action that is ever rendered, for the permission `list`. */
export const LIST_ACTION = 'oss:ListObjects';

/**
 * The object actions of each permission. Multipart uploads need no others.
 * `oss:ListMultipartUploads` is left out because it shows the uploads of the whole bucket.
 */
export const PERMISSION_ACTIONS: Readonly<Record<Permission, readonly string[]>> = {
  read: ['oss:GetObject'],
  write: ['oss:PutObject', 'oss:AbortMultipartUpload', 'oss:ListParts'],
  delete: ['oss:DeleteObject'],
  list: [],
};
