/** Finds the operation of a request by its method and its sub-resources. */
import { ossError } from './error.ts';
import type { OssRequestHead } from './request.ts';

/**
 * The operations by `<level> <method> <sub-resources>`. An unknown sub-resource means an operation
 * that the simulator lacks. It must never be ignored: `DELETE ?tagging` deletes no object.
 */
const OPERATIONS = {
  'service GET ': 'ListBuckets',
  'bucket GET ': 'ListObjects',
  'bucket GET bucketInfo': 'GetBucketInfo',
  'bucket GET cors': 'GetBucketCors',
  'bucket GET location': 'GetBucketLocation',
  'bucket GET uploads': 'ListMultipartUploads',
  'bucket HEAD ': 'HeadBucket',
  'bucket POST ': 'PostObject',
  'bucket POST delete': 'DeleteMultipleObjects',
  'object GET ': 'GetObject',
  'object GET acl': 'GetObjectACL',
  'object GET symlink': 'GetSymlink',
  'object GET tagging': 'GetObjectTagging',
  'object GET uploadId': 'ListParts',
  'object HEAD ': 'HeadObject',
  'object HEAD objectMeta': 'HeadObject',
  'object PUT ': 'PutObject',
  'object PUT acl': 'PutObjectACL',
  'object PUT symlink': 'PutSymlink',
  'object PUT tagging': 'PutObjectTagging',
  'object PUT partNumber uploadId': 'UploadPart',
  'object DELETE ': 'DeleteObject',
  'object DELETE tagging': 'DeleteObjectTagging',
  'object DELETE uploadId': 'AbortMultipartUpload',
  'object POST append': 'AppendObject',
  'object POST uploads': 'InitiateMultipartUpload',
  'object POST uploadId': 'CompleteMultipartUpload',
} as const satisfies Readonly<Record<string, string>>;

export type Operation =
  | (typeof OPERATIONS)[keyof typeof OPERATIONS]
  // the same requests with a copy source
  | 'CopyObject'
  | 'UploadPartCopy';

const BY_REQUEST: ReadonlyMap<string, Operation> = new Map(Object.entries(OPERATIONS));

/** The parameters that select an operation. */
const SUB_RESOURCES: ReadonlySet<string> = new Set([
  ...['accessPoint', 'accessmonitor', 'acl', 'append', 'asyncFetch', 'bucketArchiveDirectRead'],
  ...['bucketInfo', 'callback', 'cname', 'comp', 'cors', 'delete', 'encryption', 'httpsConfig'],
  ...['img', 'inventory', 'lifecycle', 'live', 'location', 'logging', 'metaQuery', 'objectMeta'],
  ...['objectWorm', 'partNumber', 'policy', 'policyStatus', 'publicAccessBlock', 'qos', 'qosInfo'],
  ...['redundancyTransition', 'referer', 'replication', 'replicationLocation', 'requestPayment'],
  ...['resourceGroup', 'restore', 'rtc', 'sealAppend', 'select', 'stat', 'style', 'symlink'],
  ...['tagging', 'transferAcceleration', 'uploadId', 'uploads', 'versioning', 'versions', 'vod'],
  ...['website', 'worm', 'wormExtend', 'wormId', 'x-oss-process', 'x-oss-async-process'],
  // of S3
  ...['accelerate', 'analytics', 'attributes', 'intelligent-tiering', 'legal-hold', 'metrics'],
  ...['notification', 'object-lock', 'ownershipControls', 'renameObject', 'retention'],
  ...['select-type', 'session', 'torrent'],
]);

/** Throws an OssError for an operation that the simulator does not know. */
export function readOperation({ method, bucket, key, query, headers }: OssRequestHead): Operation {
  const level = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const named = [...query.keys()].filter((name) => SUB_RESOURCES.has(name)).sort();
  const operation = BY_REQUEST.get(`${level} ${method} ${named.join(' ')}`);
  if (operation === undefined)
    throw ossError(level === 'service' ? 'MethodNotAllowed' : 'NotImplemented');
  if (operation === 'PostObject' && !headers['content-type']?.startsWith('multipart/form-data')) {
    throw ossError('MalformedPOSTRequest');
  }
  if (headers['x-oss-copy-source'] === undefined) return operation;
  if (operation === 'PutObject') return 'CopyObject';
  return operation === 'UploadPart' ? 'UploadPartCopy' : operation;
}
