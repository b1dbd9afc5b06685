/** Asks OSS for a bucket, and reads what it answers. */
import type { Bucket } from '../config/config.ts';
import { readBounded } from '../lib/read-bounded.ts';
import { systemErrorCode } from '../lib/system-error-code.ts';

export interface OssReply {
  readonly status: number;
  readonly headers: Headers;
  /** Of an error: `AccessDenied`. */
  readonly code: string | undefined;
  readonly ec: string | undefined;
  readonly requestId: string | undefined;
  /** The endpoint to use instead, as OSS names it. */
  readonly endpoint: string | undefined;
}

export type AskOss = (request: {
  readonly bucket: Bucket;
  readonly method: 'GET' | 'OPTIONS';
  /** Without `?`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}) => Promise<OssReply | { readonly problem: string }>;

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** Never throws. A problem is a phrase without a URL. */
export function createAskOss(fetch: typeof globalThis.fetch): AskOss {
  return async function askOss({ bucket, method, query = '', headers = {} }) {
    try {
      const response = await fetch(bucketUrl(bucket, query), {
        method,
        headers,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const bytes = await readBounded(response.body, MAX_ANSWER_BYTES, () => new Error('too long'));
      const text = bytes.toString('utf8');
      const element = (name: string, pattern: string) =>
        new RegExp(`<${name}>(${pattern})</${name}>`).exec(text)?.[1];
      return {
        status: response.status,
        headers: response.headers,
        code: element('Code', '[A-Za-z]{1,64}'),
        ec: element('EC', '\\d{4}-\\d{8}'),
        requestId: element('RequestId', '[A-Za-z0-9-]{1,64}'),
        endpoint: element('Endpoint', '[A-Za-z0-9.:-]{1,253}'),
      };
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') {
        return { problem: `no answer within ${TIMEOUT_MS} ms` };
      }
      const code = systemErrorCode(error);
      return { problem: `it cannot be reached${code === undefined ? '' : ` (${code})`}` };
    }
  };
}

function bucketUrl({ name, endpoint, cname }: Bucket, query: string): URL {
  const url = new URL(endpoint);
  // an IP address has no subdomains, so the bucket goes into the path
  if (url.protocol === 'http:') url.pathname = `/${name}/`;
  else if (!cname) url.hostname = `${name}.${url.hostname}`;
  url.search = query;
  return url;
}
