/** Answers both versions of ListObjects with a page of keys and common prefixes. */
import { ossError } from './error.ts';
import { compareKeys, type OssObjects, typeOf } from './objects.ts';
import type { OssRequest } from './request.ts';
import { element, instant, xmlDocument } from './xml.ts';

const DEFAULT_MAX_KEYS = 100;
const MAX_KEYS = 1000;

interface Page {
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
  /** Where the next page starts; absent for the last one. */
  readonly next?: string;
}

/**
 * https://www.alibabacloud.com/help/en/oss/developer-reference/listobjectsv2 and its predecessor.
 * Throws an OssError.
 */
export function listObjects(objects: OssObjects, { bucket, query }: OssRequest): string {
  const isV2 = query.get('list-type') === '2';
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = readMaxKeys(query.get('max-keys'));
  // oss2 sends an empty one for the first page
  const token = query.get('continuation-token') ?? '';
  const after = isV2
    ? token === ''
      ? (query.get('start-after') ?? '')
      : readToken(token)
    : (query.get('marker') ?? '');
  const page = takePage(objects.keys(bucket), { prefix, delimiter, maxKeys, after });
  const isEncoding = query.get('encoding-type') === 'url';
  const shown = (text: string) => (isEncoding ? encodeURIComponent(text) : text);
  const hasOwners = !isV2 || query.get('fetch-owner') === 'true';
  return xmlDocument('ListBucketResult', [
    element('Name', bucket),
    element('Prefix', shown(prefix)),
    element('MaxKeys', maxKeys),
    element('Delimiter', shown(delimiter)),
    ...(isEncoding ? [element('EncodingType', 'url')] : []),
    element('IsTruncated', String(page.next !== undefined)),
    ...(isV2
      ? [
          element('KeyCount', page.keys.length + page.prefixes.length),
          element('StartAfter', shown(query.get('start-after') ?? '')),
          element('ContinuationToken', token),
          ...(page.next === undefined
            ? []
            : [element('NextContinuationToken', toToken(page.next))]),
        ]
      : [
          element('Marker', shown(after)),
          ...(page.next === undefined ? [] : [element('NextMarker', shown(page.next))]),
        ]),
    ...page.keys.map((key) =>
      renderContents(objects, { bucket, key, shown: shown(key), hasOwners }),
    ),
    ...page.prefixes.map((group) => element('CommonPrefixes', [element('Prefix', shown(group))])),
  ]);
}

function takePage(
  all: readonly string[],
  asked: {
    readonly prefix: string;
    readonly delimiter: string;
    readonly maxKeys: number;
    readonly after: string;
  },
): Page {
  const { prefix, delimiter, maxKeys, after } = asked;
  const keys: string[] = [];
  const prefixes = new Set<string>();
  let last = '';
  for (const key of all) {
    if (!key.startsWith(prefix) || compareKeys(key, after) <= 0) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const group = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    // a group at the end of the previous page is not repeated
    if (group !== undefined && (prefixes.has(group) || group === after)) continue;
    if (keys.length + prefixes.size >= maxKeys)
      return { keys, prefixes: [...prefixes], next: last };
    last = group ?? key;
    if (group === undefined) keys.push(key);
    else prefixes.add(group);
  }
  return { keys, prefixes: [...prefixes] };
}

function readMaxKeys(text: string | undefined): number {
  const maxKeys = Number(text ?? DEFAULT_MAX_KEYS);
  if (!Number.isInteger(maxKeys) || maxKeys < 1 || maxKeys > MAX_KEYS) {
    throw ossError('InvalidArgument', 'max-keys is not between 1 and 1000.');
  }
  return maxKeys;
}

/** A token is opaque, so that no client relies on it being a key. */
function toToken(key: string): string {
  return Buffer.from(key).toString('base64');
}

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64').toString();
  if (key === '' || toToken(key) !== token) {
    throw ossError('InvalidArgument', 'The continuation token is invalid.');
  }
  return key;
}

function renderContents(
  objects: OssObjects,
  listed: {
    readonly bucket: string;
    readonly key: string;
    readonly shown: string;
    readonly hasOwners: boolean;
  },
): string {
  const object = objects.get(listed.bucket, listed.key);
  return element('Contents', [
    element('Key', listed.shown),
    element('LastModified', instant(object?.modifiedAtMs ?? 0)),
    element('ETag', object?.etag ?? ''),
    element('Type', object === undefined ? 'Normal' : typeOf(object)),
    element('Size', object?.body.length ?? 0),
    element('StorageClass', 'Standard'),
    ...(listed.hasOwners
      ? [element('Owner', [element('ID', '0'), element('DisplayName', '0')])]
      : []),
  ]);
}
