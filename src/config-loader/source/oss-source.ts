/** Reads the config from an object in OSS. Checks send its ETag, so that an unchanged config is not sent again. */
import { parseTarget } from '../../grants/target.ts';
import { encodeOssPath } from '../../lib/encode-oss-path.ts';
import { readBounded } from '../../lib/read-bounded.ts';
import { signOssRequest } from '../../lib/sign-oss-request.ts';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import type { Target } from '../../ports.ts';
import { RefusalError } from '../../refusal.ts';
import { ConfigError } from '../config-problems.ts';
import {
  CONFIG_CREDENTIALS,
  type ConfigCredentialsType,
  type CreateConfigCredentials,
} from './config-credentials.ts';
import type { ConfigSource, ConfigText } from './config-source.ts';

/** Each check is a request to OSS. */
const CHECK_EVERY_MS = 10_000;
const TIMEOUT_MS = 5000;
const MAX_CONFIG_BYTES = 8 * 1024 * 1024;
const REGION = /^[a-z]{2,}(?:-[a-z0-9]+)+$/;
const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?$/;

/**
 * Creates the source for `oss://bucket/key`. `BROKER_CONFIG_REGION` is the region of the bucket, and
 * `BROKER_CONFIG_ENDPOINT` may be `internal` or a URL. Throws a ConfigError if a setting is invalid.
 */
export function createOssSource(options: {
  readonly place: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly createCredentials: CreateConfigCredentials;
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): ConfigSource {
  const { place: file, environment, fetch, now } = options;
  const { bucket, key } = parsePlace(file);
  const region = readRegion(file, environment['BROKER_CONFIG_REGION']);
  const url = toUrl(file, { bucket, key }, region, environment['BROKER_CONFIG_ENDPOINT']);
  const credentials = options.createCredentials(
    readCredentialsType(file, environment['BROKER_CONFIG_CREDENTIALS']),
    region,
  );
  let givenETag: string | undefined;

  async function get(knownETag: string | undefined): Promise<ConfigText | undefined> {
    const credentials = await signWith();
    const signed = signOssRequest({
      method: 'GET',
      bucket,
      key,
      region,
      credentials,
      nowMs: now(),
    });
    const response = await fetch(url, {
      headers: {
        ...signed,
        'accept-encoding': 'identity',
        ...(knownETag === undefined ? {} : { 'if-none-match': knownETag }),
      },
      redirect: 'manual', // a redirect could send the signed headers anywhere
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const isUnchanged = response.status === 304 && knownETag !== undefined;
    const text = isUnchanged ? '' : await readText(response);
    if (isUnchanged) return undefined;
    if (response.status !== 200) throw problem(file, describeStatus(response.status, text));
    givenETag = response.headers.get('etag') ?? undefined;
    return { text, file };
  }

  async function readText(response: Response): Promise<string> {
    const tooLarge = () =>
      problem(file, `is larger than ${MAX_CONFIG_BYTES} bytes; check that it is a broker config`);
    return (await readBounded(response.body, MAX_CONFIG_BYTES, tooLarge)).toString('utf8');
  }

  async function signWith() {
    try {
      return await credentials.get();
    } catch (error) {
      throw problem(
        file,
        `cannot be read without source credentials${describeCredentialsProblem(error)}`,
      );
    }
  }

  async function tryToGet(knownETag: string | undefined): Promise<ConfigText | undefined> {
    try {
      return await get(knownETag);
    } catch (error) {
      // the error itself is not reported: it may quote the signed request
      throw error instanceof ConfigError ? error : problem(file, describeFailure(error));
    }
  }

  return {
    checkEveryMs: CHECK_EVERY_MS,
    async read() {
      const read = await tryToGet(undefined);
      if (read === undefined) throw problem(file, 'cannot be read');
      return read;
    },
    readChange: () => tryToGet(givenETag),
  };

  function describeStatus(status: number, text: string): string {
    const [, code] = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(text) ?? [];
    const answer = `cannot be read: OSS answered ${status}${code === undefined ? '' : ` ${code}`}`;
    if (status === 404) return `${answer}; upload the config, or correct BROKER_CONFIG`;
    if (status === 403) {
      return `${answer}; allow the source identity oss:GetObject on acs:oss:*:*:${bucket}/${key}`;
    }
    const isElsewhere = status >= 300 && status < 400;
    return isElsewhere ? `${answer}; set BROKER_CONFIG_REGION to the bucket's region` : answer;
  }
}

function parsePlace(file: string): Target {
  try {
    const target = parseTarget(file);
    if (target.key !== '' && !target.key.endsWith('/')) return target;
  } catch {
    // reported below
  }
  throw problem(file, 'does not name an object; write BROKER_CONFIG=oss://bucket/path/broker.yaml');
}

function readRegion(file: string, region: string | undefined): string {
  if (region !== undefined && REGION.test(region)) return region;
  throw problem(
    file,
    'needs BROKER_CONFIG_REGION; set it to the region of the bucket, e.g. cn-hangzhou',
  );
}

function readCredentialsType(
  file: string,
  text: string | undefined,
): ConfigCredentialsType | undefined {
  const type = CONFIG_CREDENTIALS.find((known) => known === text);
  if (type !== undefined || !text) return type;
  throw problem(file, `BROKER_CONFIG_CREDENTIALS must be one of ${CONFIG_CREDENTIALS.join(', ')}`);
}

function toUrl(file: string, target: Target, region: string, endpoint: string | undefined): string {
  const key = encodeOssPath(target.key);
  if (!endpoint) return `https://${target.bucket}.oss-${region}.aliyuncs.com/${key}`;
  if (endpoint === 'internal') {
    return `https://${target.bucket}.oss-${region}-internal.aliyuncs.com/${key}`;
  }
  // an IP address has no subdomains, so the bucket goes into the path
  if (LOOPBACK.test(endpoint)) return `${endpoint}/${target.bucket}/${key}`;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol === 'https:' && url.href === `${url.origin}/`) return `${url.origin}/${key}`;
  throw problem(
    file,
    'BROKER_CONFIG_ENDPOINT must be internal, or the https:// URL of a custom domain of the bucket',
  );
}

function describeFailure(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `cannot be read: OSS did not answer completely within ${TIMEOUT_MS} ms; check the network, or set BROKER_CONFIG_ENDPOINT`;
  }
  const code = systemErrorCode(error);
  return `cannot be read: OSS cannot be reached${code === undefined ? '' : ` (${code})`}; check BROKER_CONFIG_REGION, BROKER_CONFIG_ENDPOINT and the network`;
}

function describeCredentialsProblem(error: unknown): string {
  if (!(error instanceof RefusalError) || !('problem' in error.refusal)) return '';
  return `: ${error.refusal.problem}`;
}

function problem(file: string, message: string): ConfigError {
  return new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
}
