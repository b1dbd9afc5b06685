/** Answers GetObject and HeadObject: preconditions, ranges and headers. */
import type { OssAnswer } from './answer.ts';
import { ossError } from './error.ts';
import type { StoredObject } from './objects.ts';
import type { OssRequest } from './request.ts';

/** The answer headers that a `response-<name>` parameter of a GET can replace. */
const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** What is read, and the type to tell: that of the link, if a link led there. */
interface Readable {
  readonly object: StoredObject;
  readonly type: string;
}

/** Answers with the whole object or the requested `Range`. Throws an OssError. */
export function getObject(readable: Readable, request: OssRequest): OssAnswer {
  const { object } = readable;
  if (isUnchanged(object, request)) return { status: 304, headers: { ETag: object.etag } };
  const headers = { ...headersOf(readable), ...overridesOf(request) };
  const size = object.body.length;
  const range = readRange(request.headers['range'], size);
  if (range === undefined) return { status: 200, headers, body: object.body };
  const [first, last] = range;
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${first}-${last}/${size}` },
    body: object.body.subarray(first, last + 1),
  };
}

/** Answers with the headers only. Throws an OssError. */
export function headObject(readable: Readable, request: OssRequest): OssAnswer {
  const { object } = readable;
  if (isUnchanged(object, request)) return { status: 304, headers: { ETag: object.etag } };
  const headers = { ...headersOf(readable), 'content-length': String(object.body.length) };
  return { status: 200, headers };
}

/** Throws PreconditionFailed for an `If-Match` that does not hold. */
function isUnchanged({ etag }: StoredObject, { headers }: OssRequest): boolean {
  const names = (list: string | undefined) =>
    (list ?? '').split(',').some((one) => one.trim() === '*' || unquote(one) === unquote(etag));
  if (headers['if-match'] !== undefined && !names(headers['if-match'])) {
    throw ossError('PreconditionFailed');
  }
  return names(headers['if-none-match']);
}

function unquote(etag: string): string {
  return etag.trim().replaceAll('"', '');
}

/** First and last byte; undefined without a range, or for an unsatisfiable one, which OSS ignores. */
function readRange(
  header: string | undefined,
  size: number,
): readonly [number, number] | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? undefined : [size - length, size - 1];
  }
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return Number(first) <= end ? [Number(first), end] : undefined;
}

function overridesOf({ query }: OssRequest): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const name of OVERRIDES) {
    const value = query.get(`response-${name}`);
    if (value !== undefined) overrides[name] = value;
  }
  return overrides;
}

function headersOf({ object, type }: Readable): Record<string, string> {
  return {
    ...(object.isAppendable === true
      ? { 'x-oss-next-append-position': String(object.body.length) }
      : {}),
    ...object.headers,
    etag: object.etag,
    'content-type': object.contentType,
    'last-modified': new Date(object.modifiedAtMs).toUTCString(),
    'accept-ranges': 'bytes',
    'x-oss-object-type': type,
    'x-oss-hash-crc64ecma': object.crc64,
  };
}
