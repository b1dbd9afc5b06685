/** ListObjects in both versions: a page of keys and common prefixes. */
import type { OssObjects } from './oss-objects.ts';
import type { OssRequest } from './oss-request.ts';
import { element, xmlDocument } from './oss-xml.ts';

const MAX_KEYS = 1000;

/** https://www.alibabacloud.com/help/en/oss/developer-reference/listobjectsv2 */
export function listObjects(objects: OssObjects, { bucket, query }: OssRequest): string {
  const isV2 = query.get('list-type') === '2';
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = Math.min(MAX_KEYS, Number(query.get('max-keys') ?? 100) || 100);
  const after = isV2
    ? (query.get('continuation-token') ?? query.get('start-after') ?? '')
    : (query.get('marker') ?? '');
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : (text: string) => text;

  const contents: string[] = [];
  const prefixes = new Set<string>();
  let last = '';
  let isTruncated = false;
  for (const key of objects.keys(bucket)) {
    if (!key.startsWith(prefix) || key <= after) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const group = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    // a group that an earlier page ended with is not begun again
    if (group !== undefined && (prefixes.has(group) || group <= after)) continue;
    if (contents.length + prefixes.size >= maxKeys) {
      isTruncated = true;
      break;
    }
    last = group ?? key;
    if (group === undefined) contents.push(renderContents(objects, bucket, key, encode(key)));
    else prefixes.add(group);
  }
  const next = isTruncated ? [element(isV2 ? 'NextContinuationToken' : 'NextMarker', last)] : [];
  return xmlDocument('ListBucketResult', [
    element('Name', bucket),
    element('Prefix', encode(prefix)),
    element('MaxKeys', maxKeys),
    element('Delimiter', encode(delimiter)),
    element('IsTruncated', String(isTruncated)),
    ...(isV2 ? [element('KeyCount', contents.length + prefixes.size)] : []),
    ...next,
    ...contents,
    ...[...prefixes].map((group) => element('CommonPrefixes', [element('Prefix', encode(group))])),
  ]);
}

function renderContents(objects: OssObjects, bucket: string, key: string, shown: string): string {
  const object = objects.get(bucket, key);
  return element('Contents', [
    element('Key', shown),
    element('LastModified', new Date(object?.modifiedAtMs ?? 0).toISOString()),
    element('ETag', object?.etag ?? ''),
    element('Type', 'Normal'),
    element('Size', object?.body.length ?? 0),
    element('StorageClass', 'Standard'),
    element('Owner', [element('ID', '0'), element('DisplayName', '0')]),
  ]);
}
