/** What each operation does once it is allowed, and what it answers. */
import { createHash } from 'node:crypto';
import type { SimulatedCloud } from './cloud.ts';
import { ossError } from './oss-error.ts';
import { listObjects } from './oss-list.ts';
import {
  abortUpload,
  completeUpload,
  initiateUpload,
  listParts,
  listUploads,
  uploadPart,
} from './oss-multipart.ts';
import { etagOf, type OssObjects, type StoredObject } from './oss-objects.ts';
import type { Operation } from './oss-operation.ts';
import type { OssRequest } from './oss-request.ts';
import { element, textsOf, xmlDocument } from './oss-xml.ts';

export interface OssAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface World {
  readonly cloud: SimulatedCloud;
  readonly objects: OssObjects;
  readonly randomHex: (bytes: number) => string;
}

/** Performs an operation that has been allowed. Throws an OssError. */
export function perform(world: World, operation: Operation, request: OssRequest): OssAnswer {
  const { objects, cloud } = world;
  const { bucket, key } = request;
  switch (operation) {
    case 'ListBuckets':
      return xml(
        xmlDocument('ListAllMyBucketsResult', [
          element(
            'Buckets',
            [...cloud.buckets.keys()].map((name) => element('Bucket', [element('Name', name)])),
          ),
        ]),
      );
    case 'GetBucketInfo':
      return xml(
        xmlDocument('BucketInfo', [
          element('Bucket', [
            element('Name', bucket),
            element('Location', `oss-${cloud.buckets.get(bucket)?.region}`),
          ]),
        ]),
      );
    case 'ListObjects':
      return xml(listObjects(objects, request));
    case 'ListMultipartUploads':
      return xml(listUploads(objects, request));
    case 'DeleteMultipleObjects':
      return deleteMany(objects, request);
    case 'PutObject':
    case 'PostObject': {
      checkDigest(request);
      const object = toObject(world, request);
      objects.put(bucket, key, object);
      return { status: operation === 'PostObject' ? 204 : 200, headers: { ETag: object.etag } };
    }
    case 'CopyObject':
      return copyObject(world, request);
    case 'GetObject':
      return getObject(existing(objects, request), request.headers['range']);
    case 'HeadObject': {
      const object = existing(objects, request);
      return {
        status: 200,
        headers: { ...headersOf(object), 'Content-Length': String(object.body.length) },
      };
    }
    case 'DeleteObject':
      objects.delete(bucket, key);
      return { status: 204 };
    case 'PutObjectACL':
      objects.put(bucket, key, {
        ...existing(objects, request),
        acl: request.headers['x-oss-object-acl'] ?? 'default',
      });
      return { status: 200 };
    case 'GetObjectACL':
      return xml(
        xmlDocument('AccessControlPolicy', [
          element('Owner', [
            element('ID', cloud.accountId),
            element('DisplayName', cloud.accountId),
          ]),
          element('AccessControlList', [element('Grant', existing(objects, request).acl)]),
        ]),
      );
    case 'PutObjectTagging':
      objects.put(bucket, key, { ...existing(objects, request), tagging: request.body.toString() });
      return { status: 200 };
    case 'GetObjectTagging':
      return xml(
        existing(objects, request).tagging || xmlDocument('Tagging', [element('TagSet', '')]),
      );
    case 'InitiateMultipartUpload': {
      const { contentType, acl, tagging, meta } = toObject(world, request);
      const begun = {
        uploadId: world.randomHex(16).toUpperCase(),
        properties: { contentType, acl, tagging, meta },
      };
      return xml(initiateUpload(objects, request, begun));
    }
    case 'UploadPart':
      checkDigest(request);
      return { status: 200, headers: { ETag: uploadPart(objects, request) } };
    case 'CompleteMultipartUpload': {
      const object = completeUpload(objects, request, cloud.now());
      return xml(
        xmlDocument('CompleteMultipartUploadResult', [
          element('Bucket', bucket),
          element('Key', key),
          element('ETag', object.etag),
        ]),
        { ETag: object.etag },
      );
    }
    case 'AbortMultipartUpload':
      abortUpload(objects, request);
      return { status: 204 };
    case 'ListParts':
      return xml(listParts(objects, request));
  }
}

function xml(body: string, headers: Readonly<Record<string, string>> = {}): OssAnswer {
  return { status: 200, headers: { 'Content-Type': 'application/xml', ...headers }, body };
}

function existing(objects: OssObjects, { bucket, key }: OssRequest): StoredObject {
  const object = objects.get(bucket, key);
  if (object === undefined) throw ossError('NoSuchKey');
  return object;
}

function toObject({ cloud }: World, { headers, body }: OssRequest): StoredObject {
  const meta = Object.entries(headers).filter(([name]) => name.startsWith('x-oss-meta-'));
  return {
    body,
    etag: etagOf(body),
    contentType: headers['content-type'] ?? 'application/octet-stream',
    acl: headers['x-oss-object-acl'] ?? 'default',
    tagging: '',
    meta: Object.fromEntries(meta),
    modifiedAtMs: cloud.now(),
  };
}

function checkDigest({ headers, body }: OssRequest): void {
  const claimed = headers['content-md5'];
  if (claimed === undefined) return;
  if (createHash('md5').update(body).digest('base64') !== claimed) throw ossError('InvalidDigest');
}

function copyObject(world: World, request: OssRequest): OssAnswer {
  const source = decodeURIComponent(request.headers['x-oss-copy-source'] ?? '').replace(/^\//, '');
  const slash = source.indexOf('/');
  const original = world.objects.get(source.slice(0, slash), source.slice(slash + 1));
  if (original === undefined) throw ossError('NoSuchKey');
  const acl = request.headers['x-oss-object-acl'] ?? 'default';
  const copy = { ...original, acl, modifiedAtMs: world.cloud.now() };
  world.objects.put(request.bucket, request.key, copy);
  return xml(
    xmlDocument('CopyObjectResult', [
      element('ETag', copy.etag),
      element('LastModified', new Date(copy.modifiedAtMs).toISOString()),
    ]),
  );
}

function getObject(object: StoredObject, range: string | undefined): OssAnswer {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const size = object.body.length;
  if (first === undefined || Number(first) >= size) {
    return { status: 200, headers: headersOf(object), body: object.body };
  }
  const end = last === '' || last === undefined ? size - 1 : Math.min(Number(last), size - 1);
  const headers = { ...headersOf(object), 'Content-Range': `bytes ${first}-${end}/${size}` };
  return { status: 206, headers, body: object.body.subarray(Number(first), end + 1) };
}

function headersOf({
  etag,
  contentType,
  meta,
  modifiedAtMs,
}: StoredObject): Record<string, string> {
  return {
    ...meta,
    ETag: etag,
    'Content-Type': contentType,
    'Last-Modified': new Date(modifiedAtMs).toUTCString(),
    'x-oss-object-type': 'Normal',
  };
}

function deleteMany(objects: OssObjects, { bucket, body }: OssRequest): OssAnswer {
  const keys = textsOf(body.toString(), 'Key');
  for (const key of keys) objects.delete(bucket, key);
  return xml(
    xmlDocument(
      'DeleteResult',
      keys.map((key) => element('Deleted', [element('Key', key)])),
    ),
  );
}
