/** Uses a credential at OSS once, and says whether OSS allows it. */
import { isIP } from 'node:net';
import { encodeOssPath } from '../lib/encode-oss-path.ts';
import { readBounded } from '../lib/read-bounded.ts';
import { signOssRequest } from '../lib/sign-oss-request.ts';
import type { Use } from './probe-file.ts';

export interface OssPlace {
  readonly region: string;
  readonly endpoint: string;
  /** True: the endpoint is a custom domain of the bucket. */
  readonly cname: boolean;
}

export interface OssKeys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
}

/** `unclear`: OSS gave neither a success nor AccessDenied, so nothing was shown. */
export interface UseResult {
  readonly verdict: 'allowed' | 'refused' | 'unclear';
  /** e.g. `200`, `403 AccessDenied` or `no answer` */
  readonly saw: string;
}

const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
const TEXT = 'This object was written by a probe of oss-token-broker.\n';

/** Never throws. `put` never replaces an object: where there is one, OSS says so, and has then allowed it. */
export async function useCredential(
  { operation, target }: Use,
  at: {
    readonly place: OssPlace;
    readonly keys: OssKeys;
    readonly fetch: typeof fetch;
    /** Milliseconds since the epoch. */
    readonly nowMs: number;
  },
): Promise<UseResult> {
  const [, bucket = '', path = ''] = /^oss:\/\/([^/]+)\/(.*)$/s.exec(target) ?? [];
  const isList = operation === 'list';
  const method = operation === 'put' ? 'PUT' : operation === 'delete' ? 'DELETE' : 'GET';
  const key = isList ? '' : path;
  const query = isList ? { 'list-type': '2', 'max-keys': '1', prefix: path } : {};
  const headers = signOssRequest({
    method,
    bucket,
    key,
    query,
    ...(operation === 'put' ? { headers: { 'x-oss-forbid-overwrite': 'true' } } : {}),
    region: at.place.region,
    credentials: at.keys,
    nowMs: at.nowMs,
  });
  try {
    // bytes get no Content-Type, which OSS would expect to be signed
    const response = await at.fetch(toUrl(at.place, { bucket, key, query }), {
      method,
      headers,
      ...(operation === 'put' ? { body: Buffer.from(TEXT) } : {}),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return await readVerdict(response);
  } catch {
    return { verdict: 'unclear', saw: 'no answer' };
  }
}

async function readVerdict(response: Response): Promise<UseResult> {
  const { status } = response;
  if (response.ok) {
    await response.body?.cancel();
    return { verdict: 'allowed', saw: String(status) };
  }
  const tooLong = () => new Error('the answer of OSS is too long');
  const body = await readBounded(response.body, MAX_ANSWER_BYTES, tooLong);
  const code = /<Code>(\w+)<\/Code>/.exec(body.toString())?.[1] ?? '';
  const saw = `${status} ${code}`.trim();
  // OSS looks for the object once the request is allowed
  if (code === 'NoSuchKey' || code === 'FileAlreadyExists') return { verdict: 'allowed', saw };
  return { verdict: code === 'AccessDenied' ? 'refused' : 'unclear', saw };
}

/** A host name has the bucket before it; for an IP address the bucket is in the path. */
function toUrl(
  { endpoint, cname }: OssPlace,
  asked: {
    readonly bucket: string;
    readonly key: string;
    readonly query: Readonly<Record<string, string>>;
  },
): string {
  const url = new URL(endpoint);
  const isAddress = isIP(url.hostname) !== 0;
  if (!cname && !isAddress) url.hostname = `${asked.bucket}.${url.hostname}`;
  const path = encodeOssPath(asked.key);
  const pairs = Object.entries(asked.query).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  );
  const inPath = isAddress && !cname ? `/${asked.bucket}/${path}` : `/${path}`;
  return `${url.origin}${inPath}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
}
