/** Multipart uploads: parts are kept until the upload is completed into an object or aborted. */
import { crc64Of } from './crc64.ts';
import { ossError } from './error.ts';
import {
  compareKeys,
  etagOf,
  multipartEtagOf,
  type OssObjects,
  type Part,
  type StoredObject,
  type Upload,
} from './objects.ts';
import type { OssRequest } from './request.ts';
import {
  checkDigest,
  checkNewObject,
  readAcl,
  readProperties,
  readSource,
} from './write-object.ts';
import { element, elementsOf, instant, textsOf, xmlDocument } from './xml.ts';

const MAX_PARTS = 10_000;

/** All parts except the last must be at least this large. */
const MIN_PART_BYTES = 100 * 1024;

/** Starts an upload under a new id. Throws an OssError. */
export function initiateUpload(
  objects: OssObjects,
  request: OssRequest,
  begun: { readonly uploadId: string; readonly nowMs: number },
): string {
  const { bucket, key } = request;
  checkNewObject(objects, request);
  const properties = readProperties(request);
  const upload = { bucket, key, properties, initiatedAtMs: begun.nowMs, parts: new Map() };
  objects.uploads.set(begun.uploadId, upload);
  return xmlDocument('InitiateMultipartUploadResult', [
    element('Bucket', bucket),
    element('Key', key),
    element('UploadId', begun.uploadId),
  ]);
}

/** Stores one part from the body. Throws an OssError. */
export function uploadPart(objects: OssObjects, request: OssRequest, nowMs: number): Part {
  checkDigest(request);
  return keepPart(objects, request, { body: request.body, nowMs });
}

/** Stores one part from another object or a range of it. Throws an OssError. */
export function uploadPartCopy(objects: OssObjects, request: OssRequest, nowMs: number): Part {
  const { body: whole, symlinkTarget } = readSource(objects, request);
  // whether OSS would copy from the destination is not documented
  if (symlinkTarget !== undefined) throw ossError('NotImplemented');
  const range = request.headers['x-oss-copy-source-range'];
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (range !== undefined && !(Number(first) <= Number(last) && Number(last) < whole.length)) {
    throw ossError('InvalidArgument', 'The range is not within the copy source.');
  }
  const body = range === undefined ? whole : whole.subarray(Number(first), Number(last) + 1);
  return keepPart(objects, request, { body, nowMs });
}

/** Joins the listed parts into an object. Throws an OssError for a part that is missing or differs. */
export function completeUpload(
  objects: OssObjects,
  request: OssRequest,
  nowMs: number,
): StoredObject {
  const upload = findUpload(objects, request);
  checkNewObject(objects, request);
  const listed = elementsOf(request.body.toString(), 'Part').map((part) => ({
    number: Number(textsOf(part, 'PartNumber')[0]),
    etag: textsOf(part, 'ETag')[0],
  }));
  if (listed.length === 0) throw ossError('MalformedXML');
  if (
    listed.some(({ number }, index) => index > 0 && !((listed[index - 1]?.number ?? 0) < number))
  ) {
    throw ossError('InvalidPartOrder');
  }
  const parts = listed.map(({ number, etag }) => {
    const part = upload.parts.get(number);
    if (part === undefined || !isSameEtag(part.etag, etag)) throw ossError('InvalidPart');
    return part;
  });
  if (parts.slice(0, -1).some(({ body }) => body.length < MIN_PART_BYTES)) {
    throw ossError('EntityTooSmall');
  }
  const body = Buffer.concat(parts.map((part) => part.body));
  const published = request.headers['x-oss-object-acl'];
  const object = {
    ...upload.properties,
    // the last step may set the ACL too
    ...(published === undefined ? {} : { acl: readAcl(published) }),
    body,
    etag: multipartEtagOf(parts.map(({ etag }) => etag)),
    crc64: crc64Of(body),
    modifiedAtMs: nowMs,
  };
  objects.put(request.bucket, request.key, object);
  objects.uploads.delete(request.query.get('uploadId') ?? '');
  return object;
}

/** Aborts an upload. Throws an OssError. */
export function abortUpload(objects: OssObjects, request: OssRequest): void {
  findUpload(objects, request);
  objects.uploads.delete(request.query.get('uploadId') ?? '');
}

/** A page of the uploaded parts, in the order of their numbers. Throws an OssError. */
export function listParts(objects: OssObjects, request: OssRequest): string {
  const { bucket, key, query } = request;
  const { parts } = findUpload(objects, request);
  const marker = Number(query.get('part-number-marker') ?? 0);
  const maxParts = Number(query.get('max-parts') ?? 1000);
  const rest = [...parts].filter(([number]) => number > marker).sort(([a], [b]) => a - b);
  const page = rest.slice(0, maxParts);
  return xmlDocument('ListPartsResult', [
    element('Bucket', bucket),
    element('Key', key),
    element('UploadId', query.get('uploadId') ?? ''),
    element('PartNumberMarker', marker),
    element('NextPartNumberMarker', page.at(-1)?.[0] ?? marker),
    element('MaxParts', maxParts),
    element('IsTruncated', String(page.length < rest.length)),
    ...page.map(([number, part]) =>
      element('Part', [
        element('PartNumber', number),
        element('LastModified', instant(part.modifiedAtMs)),
        element('ETag', part.etag),
        element('Size', part.body.length),
      ]),
    ),
  ]);
}

/** Every upload below the prefix that is neither completed nor aborted. */
export function listUploads(objects: OssObjects, { bucket, query }: OssRequest): string {
  const prefix = query.get('prefix') ?? '';
  const uploads = [...objects.uploads]
    .filter(([, upload]) => upload.bucket === bucket && upload.key.startsWith(prefix))
    .sort(([, one], [, other]) => compareKeys(one.key, other.key));
  return xmlDocument('ListMultipartUploadsResult', [
    element('Bucket', bucket),
    element('Prefix', prefix),
    element('IsTruncated', 'false'),
    ...uploads.map(([id, { key, initiatedAtMs }]) =>
      element('Upload', [
        element('Key', key),
        element('UploadId', id),
        element('Initiated', instant(initiatedAtMs)),
      ]),
    ),
  ]);
}

function keepPart(
  objects: OssObjects,
  request: OssRequest,
  { body, nowMs }: { readonly body: Buffer; readonly nowMs: number },
): Part {
  const number = Number(request.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS) {
    throw ossError('InvalidArgument', 'The part number is not between 1 and 10000.');
  }
  const part = { body, etag: etagOf(body), crc64: crc64Of(body), modifiedAtMs: nowMs };
  findUpload(objects, request).parts.set(number, part);
  return part;
}

/** An upload belongs to one key: its id is useless for other keys. */
function findUpload(objects: OssObjects, { bucket, key, query }: OssRequest): Upload {
  const upload = objects.uploads.get(query.get('uploadId') ?? '');
  if (upload?.bucket !== bucket || upload.key !== key) throw ossError('NoSuchUpload');
  return upload;
}

function isSameEtag(one: string, other: string | undefined): boolean {
  return one.replaceAll('"', '') === other?.replaceAll('"', '');
}
