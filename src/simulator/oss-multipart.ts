/** Multipart uploads: parts are kept until they are completed into an object, or given up. */
import { ossError } from './oss-error.ts';
import {
  etagOf,
  multipartEtagOf,
  type OssObjects,
  type StoredObject,
  type Upload,
} from './oss-objects.ts';
import type { OssRequest } from './oss-request.ts';
import { element, textsOf, xmlDocument } from './oss-xml.ts';

/** Begins an upload under a new id. */
export function initiateUpload(
  objects: OssObjects,
  { bucket, key }: OssRequest,
  begun: { readonly uploadId: string; readonly properties: Upload['properties'] },
): string {
  const { uploadId, properties } = begun;
  objects.uploads.set(uploadId, { bucket, key, properties, parts: new Map() });
  return xmlDocument('InitiateMultipartUploadResult', [
    element('Bucket', bucket),
    element('Key', key),
    element('UploadId', uploadId),
  ]);
}

/** Keeps one part and gives its ETag. */
export function uploadPart(objects: OssObjects, request: OssRequest): string {
  const number = Number(request.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw ossError('InvalidArgument');
  const etag = etagOf(request.body);
  findUpload(objects, request).parts.set(number, { body: request.body, etag });
  return etag;
}

/** Puts the named parts together. Throws an OssError for a part that is not there or not the same. */
export function completeUpload(
  objects: OssObjects,
  request: OssRequest,
  nowMs: number,
): StoredObject {
  const upload = findUpload(objects, request);
  const xml = request.body.toString();
  const numbers = textsOf(xml, 'PartNumber').map(Number);
  const etags = textsOf(xml, 'ETag');
  const parts = numbers.map((number, index) => {
    const part = upload.parts.get(number);
    if (part === undefined || !isSameEtag(part.etag, etags[index])) throw ossError('InvalidPart');
    return part;
  });
  if (parts.length === 0) throw ossError('MalformedXML');
  const object = {
    ...upload.properties,
    body: Buffer.concat(parts.map(({ body }) => body)),
    etag: multipartEtagOf(parts.map(({ etag }) => etag)),
    modifiedAtMs: nowMs,
  };
  objects.put(request.bucket, request.key, object);
  objects.uploads.delete(request.query.get('uploadId') ?? '');
  return object;
}

/** Gives an upload up. */
export function abortUpload(objects: OssObjects, request: OssRequest): void {
  findUpload(objects, request);
  objects.uploads.delete(request.query.get('uploadId') ?? '');
}

export function listParts(objects: OssObjects, request: OssRequest): string {
  const upload = findUpload(objects, request);
  return xmlDocument('ListPartsResult', [
    element('Bucket', request.bucket),
    element('Key', request.key),
    element('UploadId', request.query.get('uploadId') ?? ''),
    element('IsTruncated', 'false'),
    ...[...upload.parts].map(([number, { body, etag }]) =>
      element('Part', [
        element('PartNumber', number),
        element('ETag', etag),
        element('Size', body.length),
      ]),
    ),
  ]);
}

export function listUploads(objects: OssObjects, { bucket }: OssRequest): string {
  const uploads = [...objects.uploads].filter(([, upload]) => upload.bucket === bucket);
  return xmlDocument('ListMultipartUploadsResult', [
    element('Bucket', bucket),
    element('IsTruncated', 'false'),
    ...uploads.map(([id, { key }]) =>
      element('Upload', [element('Key', key), element('UploadId', id)]),
    ),
  ]);
}

/** An upload belongs to one key: its id alone opens nothing else. */
function findUpload(objects: OssObjects, { bucket, key, query }: OssRequest): Upload {
  const upload = objects.uploads.get(query.get('uploadId') ?? '');
  if (upload?.bucket !== bucket || upload.key !== key) throw ossError('NoSuchUpload');
  return upload;
}

function isSameEtag(one: string, other: string | undefined): boolean {
  return one.replaceAll('"', '') === other?.replaceAll('"', '');
}
