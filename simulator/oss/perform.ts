/** Performs each operation once it is allowed, and makes its answer. */
import type { SimulatedCloud } from '../cloud.ts';
import { type OssAnswer, xmlAnswer } from './answer.ts';
import { appendObject } from './append-object.ts';
import { renderCors } from './cors.ts';
import { readDeleteList } from './delete-list.ts';
import { ossError } from './error.ts';
import { listObjects } from './list.ts';
import {
  abortUpload,
  completeUpload,
  initiateUpload,
  listParts,
  listUploads,
  uploadPart,
  uploadPartCopy,
} from './multipart.ts';
import { type OssObjects, type Part, type StoredObject, typeOf } from './objects.ts';
import type { Operation } from './operation.ts';
import { getObject, headObject } from './read-object.ts';
import type { OssRequest } from './request.ts';
import { followSymlink, getSymlink, putSymlink } from './symlink.ts';
import type { Undocumented } from './undocumented.ts';
import { checkDigest, copyObject, putObject, readAcl } from './write-object.ts';
import { element, instant, xmlDocument } from './xml.ts';

export interface World {
  readonly cloud: SimulatedCloud;
  readonly objects: OssObjects;
  readonly randomHex: (bytes: number) => string;
  readonly undocumented: Undocumented;
}

/** Performs an operation that has been allowed. Throws an OssError. */
export function perform(world: World, operation: Operation, request: OssRequest): OssAnswer {
  const { objects, cloud } = world;
  const { bucket, key } = request;
  const nowMs = cloud.now();
  checkVersion(request);
  switch (operation) {
    case 'ListBuckets':
      return xmlAnswer(renderBuckets(cloud));
    case 'GetBucketInfo':
      return xmlAnswer(xmlDocument('BucketInfo', [renderBucket(cloud, bucket)]));
    case 'GetBucketLocation': {
      const region = cloud.buckets.get(bucket)?.region ?? '';
      return xmlAnswer(xmlDocument('LocationConstraint', [`oss-${region}`]));
    }
    case 'GetBucketCors':
      return xmlAnswer(renderCors(cloud, bucket));
    case 'HeadBucket':
      return { status: 200 };
    case 'ListObjects':
      return xmlAnswer(listObjects(objects, request));
    case 'ListMultipartUploads':
      return xmlAnswer(listUploads(objects, request));
    case 'DeleteMultipleObjects':
      return deleteMany(objects, request);
    case 'PutObject':
      return { status: 200, headers: checksumsOf(putObject(objects, request, nowMs)) };
    case 'PostObject':
      return answerForm(request, putObject(objects, request, nowMs));
    case 'AppendObject':
      return appendObject(objects, request, nowMs);
    case 'PutSymlink':
      return putSymlink(objects, request, nowMs);
    case 'GetSymlink':
      return getSymlink(existing(objects, request));
    case 'CopyObject':
      return copyObject(objects, request, nowMs);
    case 'GetObject':
      return getObject(readable(objects, request), request);
    case 'HeadObject':
      return headObject(readable(objects, request), request);
    case 'DeleteObject':
      objects.delete(bucket, key);
      return { status: 204 };
    case 'PutObjectACL': {
      const acl = readAcl(request.headers['x-oss-object-acl']);
      objects.put(bucket, key, { ...existing(objects, request), acl });
      return { status: 200 };
    }
    case 'GetObjectACL':
      return xmlAnswer(renderAcl(cloud, existing(objects, request)));
    case 'PutObjectTagging':
      checkDigest(request);
      objects.put(bucket, key, { ...existing(objects, request), tagging: request.body.toString() });
      return { status: 200 };
    case 'GetObjectTagging':
      return xmlAnswer(
        existing(objects, request).tagging || xmlDocument('Tagging', [element('TagSet', '')]),
      );
    case 'DeleteObjectTagging':
      objects.put(bucket, key, { ...existing(objects, request), tagging: '' });
      return { status: 204 };
    case 'InitiateMultipartUpload': {
      const uploadId = world.randomHex(16).toUpperCase();
      return xmlAnswer(initiateUpload(objects, request, { uploadId, nowMs }));
    }
    case 'UploadPart':
      return { status: 200, headers: checksumsOf(uploadPart(objects, request, nowMs)) };
    case 'UploadPartCopy':
      return answerPartCopy(uploadPartCopy(objects, request, nowMs));
    case 'CompleteMultipartUpload': {
      const object = completeUpload(objects, request, nowMs);
      return xmlAnswer(
        renderUploaded('CompleteMultipartUploadResult', request, object),
        checksumsOf(object),
      );
    }
    case 'AbortMultipartUpload':
      abortUpload(objects, request);
      return { status: 204 };
    case 'ListParts':
      return xmlAnswer(listParts(objects, request));
  }
}

/** Simulated buckets keep one version of each object, with the id `null`. */
function checkVersion({ query }: OssRequest): void {
  if ((query.get('versionId') ?? 'null') !== 'null') throw ossError('NoSuchVersion');
}

function existing(objects: OssObjects, { bucket, key }: OssRequest): StoredObject {
  const object = objects.get(bucket, key);
  if (object === undefined) throw ossError('NoSuchKey');
  return object;
}

/** What a link leads to; its type stays that of a link. */
function readable(objects: OssObjects, request: OssRequest) {
  const object = existing(objects, request);
  return { type: typeOf(object), object: followSymlink(objects, request.bucket, object) };
}

function checksumsOf({ etag, crc64 }: Pick<StoredObject, 'etag' | 'crc64'>) {
  return { etag, 'x-oss-hash-crc64ecma': crc64 };
}

/** The ETag is in the body as documented, and in the header, where ali-oss reads it. */
function answerPartCopy({ etag, modifiedAtMs }: Part): OssAnswer {
  const modified = element('LastModified', instant(modifiedAtMs));
  return xmlAnswer(xmlDocument('CopyPartResult', [modified, element('ETag', etag)]), { etag });
}

/** The form selects the answer: 200, 201 with a document, or 204. */
function answerForm(request: OssRequest, object: StoredObject): OssAnswer {
  const headers = checksumsOf(object);
  const wanted = request.headers['success_action_status'];
  if (wanted === '201') {
    return { ...xmlAnswer(renderUploaded('PostResponse', request, object), headers), status: 201 };
  }
  return { status: wanted === '200' ? 200 : 204, headers };
}

function deleteMany(objects: OssObjects, request: OssRequest): OssAnswer {
  // S3 takes a checksum of another kind instead; OSS does not
  if (request.headers['content-md5'] === undefined) throw ossError('MissingDigest');
  checkDigest(request);
  const { objects: listed, isQuiet } = readDeleteList(request);
  for (const { key } of listed) objects.delete(request.bucket, key);
  const deleted = listed.map(({ key }) => element('Deleted', [element('Key', key)]));
  return xmlAnswer(xmlDocument('DeleteResult', isQuiet ? [] : deleted));
}

function renderUploaded(root: string, { bucket, key }: OssRequest, { etag }: StoredObject): string {
  const members = [element('Bucket', bucket), element('Key', key), element('ETag', etag)];
  return xmlDocument(root, [element('Location', `/${bucket}/${key}`), ...members]);
}

function renderBuckets(cloud: SimulatedCloud): string {
  const buckets = [...cloud.buckets.keys()].map((name) => renderBucket(cloud, name));
  return xmlDocument('ListAllMyBucketsResult', [
    renderOwner(cloud),
    element('IsTruncated', 'false'),
    element('Buckets', buckets),
  ]);
}

function renderBucket(cloud: SimulatedCloud, name: string): string {
  const region = cloud.buckets.get(name)?.region ?? '';
  return element('Bucket', [
    element('Name', name),
    element('Region', region),
    element('Location', `oss-${region}`),
    element('StorageClass', 'Standard'),
    renderOwner(cloud),
    element('AccessControlList', [element('Grant', 'private')]),
  ]);
}

function renderAcl(cloud: SimulatedCloud, { acl }: StoredObject): string {
  return xmlDocument('AccessControlPolicy', [
    renderOwner(cloud),
    element('AccessControlList', [element('Grant', acl)]),
  ]);
}

function renderOwner({ accountId }: SimulatedCloud): string {
  return element('Owner', [element('ID', accountId), element('DisplayName', accountId)]);
}
