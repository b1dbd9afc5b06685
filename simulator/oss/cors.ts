/** Answers cross-origin requests: decides which pages may read the answers of a bucket. */
import type { SimulatedCloud } from '../cloud.ts';
import type { OssAnswer } from './answer.ts';
import { ossError } from './error.ts';
import type { OssRequestHead } from './request.ts';
import { element, xmlDocument } from './xml.ts';

const EXPOSED = ['ETag', 'x-oss-request-id', 'x-oss-hash-crc64ecma'];
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD'];

/** Answers OPTIONS, which needs no signature. Throws an OssError if no CORS rule matches. */
export function answerPreflight(cloud: SimulatedCloud, request: OssRequestHead): OssAnswer {
  const { bucket, headers } = request;
  const method = headers['access-control-request-method'] ?? '';
  if (!METHODS.includes(method) || allowedOrigin(cloud, bucket, headers['origin']) === undefined) {
    throw ossError('NoCorsRule');
  }
  const asked = headers['access-control-request-headers'];
  return {
    status: 200,
    headers: {
      'access-control-allow-methods': METHODS.join(', '),
      ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
      'access-control-max-age': '600',
    },
  };
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/getbucketcors. Throws an OssError if there is no rule. */
export function renderCors(cloud: SimulatedCloud, bucket: string): string {
  const origins = cloud.buckets.get(bucket)?.corsOrigins ?? [];
  if (origins.length === 0) throw ossError('NoSuchCORSConfiguration');
  const rule = [
    ...origins.map((origin) => element('AllowedOrigin', origin)),
    ...METHODS.map((method) => element('AllowedMethod', method)),
    element('AllowedHeader', '*'),
    ...EXPOSED.map((header) => element('ExposeHeader', header)),
  ];
  return xmlDocument('CORSConfiguration', [element('CORSRule', rule)]);
}

/** The headers that let a page of a listed origin read the answer; none for any other. */
export function corsHeaders(
  cloud: SimulatedCloud,
  bucket: string,
  origin: string | undefined,
): Readonly<Record<string, string>> {
  const allowed = allowedOrigin(cloud, bucket, origin);
  if (allowed === undefined) return {};
  return {
    'access-control-allow-origin': allowed,
    'access-control-expose-headers': EXPOSED.join(', '),
    vary: 'Origin',
  };
}

/** The comparison is exact; `*` in the bucket's list allows any origin. */
function allowedOrigin(
  cloud: SimulatedCloud,
  bucket: string,
  origin: string | undefined,
): string | undefined {
  const origins = cloud.buckets.get(bucket)?.corsOrigins ?? [];
  if (origin === undefined) return undefined;
  if (origins.includes(origin)) return origin;
  return origins.includes('*') ? '*' : undefined;
}
