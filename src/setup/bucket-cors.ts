/** Reads the CORS rules of a bucket from OSS. */
import { readBounded } from '../lib/read-bounded.ts';
import { signOssRequest } from '../lib/sign-oss-request.ts';
import { systemErrorCode } from '../lib/system-error-code.ts';
import type { SourceCredentials } from '../ports.ts';
import type { CorsRule } from './cloud-side.ts';
import type { GetBucketCors } from './read-cloud.ts';
import { SetupProblem } from './setup-problem.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** https://www.alibabacloud.com/help/en/oss/developer-reference/getbucketcors. Throws SetupProblems. */
export function createGetBucketCors(options: {
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly credentials: SourceCredentials;
}): GetBucketCors {
  const { fetch, now, credentials } = options;

  return async function getBucketCors({ bucket, region, endpoint }) {
    const signing = {
      method: 'GET',
      bucket,
      key: '',
      query: { cors: '' },
      region,
      credentials,
      nowMs: now(),
    } as const;
    // an IP address has no subdomains, so the bucket goes into the path
    const url = new URL(endpoint);
    if (url.protocol === 'http:') url.pathname = `/${bucket}/`;
    else url.hostname = `${bucket}.${url.hostname}`;
    url.search = 'cors';
    const tooLarge = () =>
      new SetupProblem(`the CORS rules of ${bucket} are longer than ${MAX_ANSWER_BYTES} bytes`);
    let status: number;
    let text: string;
    try {
      const response = await fetch(url, {
        headers: signOssRequest(signing),
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      status = response.status;
      text = (await readBounded(response.body, MAX_ANSWER_BYTES, tooLarge)).toString('utf8');
    } catch (error) {
      if (error instanceof SetupProblem) throw error;
      const code = systemErrorCode(error);
      throw new SetupProblem(
        `${url.hostname} cannot be reached${code === undefined ? '' : ` (${code})`}`,
      );
    }
    if (status === 200) return readRules(text);
    const [, code = ''] = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(text) ?? [];
    if (code === 'NoSuchCORSConfiguration') return [];
    if (code === 'NoSuchBucket') return 'missing';
    const fix =
      status === 403 ? `; allow your identity oss:GetBucketCors on acs:oss:*:*:${bucket}` : '';
    throw new SetupProblem(`OSS answered ${status} ${code} for the bucket ${bucket}${fix}`);
  };
}

function readRules(xml: string): readonly CorsRule[] {
  return [...xml.matchAll(/<CORSRule>(.*?)<\/CORSRule>/gs)].map(([, rule = '']) => ({
    allowedOrigins: textsOf(rule, 'AllowedOrigin'),
    allowedMethods: textsOf(rule, 'AllowedMethod'),
    allowedHeaders: textsOf(rule, 'AllowedHeader'),
    exposeHeaders: textsOf(rule, 'ExposeHeader'),
  }));
}

function textsOf(xml: string, name: string): readonly string[] {
  const elements = xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'));
  return [...elements].map(([, text = '']) => text.replaceAll('&amp;', '&'));
}
