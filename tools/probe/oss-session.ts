/** One session's requests to OSS, by ali-oss and by a form; an OSS error is an outcome and not thrown. */
import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import OSS from 'ali-oss';

/** Where the probe works. */
export interface Place {
  readonly bucket: string;
  /** e.g. `cn-hangzhou` */
  readonly region: string;
  /** An origin; with `cname`, a custom domain of the bucket. */
  readonly endpoint: string;
  readonly cname: boolean;
}

export interface Keys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
}

/** What OSS answered. Status 0: there was no answer. */
export interface Outcome {
  readonly status: number;
  /** The code of an error. */
  readonly code?: string;
  /** The content of an object, or the destination of a link. */
  readonly text?: string;
}

export interface OssSession {
  put(key: string, text: string, headers?: Readonly<Record<string, string>>): Promise<Outcome>;
  get(key: string): Promise<Outcome>;
  putSymlink(key: string, destination: string): Promise<Outcome>;
  getSymlink(key: string): Promise<Outcome>;
  /** Uploads with PostObject. `fields` are further fields of the form, such as `x-oss-object-acl`. */
  post(key: string, text: string, fields?: Readonly<Record<string, string>>): Promise<Outcome>;
  delete(key: string): Promise<Outcome>;
}

const TIMEOUT_MS = 15_000;

/** Makes the requests of the session with these keys. `now` is in milliseconds since the epoch. */
export function createOssSession(place: Place, keys: Keys, now: () => number): OssSession {
  const { bucket, region, endpoint, cname } = place;
  const client = new OSS({
    accessKeyId: keys.accessKeyId,
    accessKeySecret: keys.accessKeySecret,
    stsToken: keys.securityToken,
    refreshSTSTokenInterval: 3_600_000,
    bucket,
    region: `oss-${region}`,
    endpoint,
    cname,
    authorizationV4: true,
    timeout: TIMEOUT_MS,
  });
  return {
    put: (key, text, headers = {}) =>
      outcomeOf(client.put(key, Buffer.from(text), { headers }), () => undefined),
    get: (key) => outcomeOf(client.get(key), ({ content }) => String(content)),
    putSymlink: (key, destination) =>
      outcomeOf(client.putSymlink(key, destination), () => undefined),
    getSymlink: (key) => outcomeOf(client.getSymlink(key), ({ targetName }) => targetName),
    delete: (key) => outcomeOf(client.delete(key), () => undefined),
    async post(key, text, fields = {}) {
      const body = new FormData();
      const signed = signForm(place, keys, now(), { key, ...fields });
      for (const [name, value] of Object.entries(signed)) body.set(name, value);
      body.set('file', new Blob([text]));
      return fetchOutcome(objectUrl(place, ''), { method: 'POST', body });
    },
  };
}

/** GetObject without a signature. */
export function getAnonymously(place: Place, key: string): Promise<Outcome> {
  return fetchOutcome(objectUrl(place, key), { method: 'GET' });
}

async function outcomeOf<Answer extends { readonly res: { readonly status: number } }>(
  request: Promise<Answer>,
  textOf: (answer: Answer) => string | undefined,
): Promise<Outcome> {
  try {
    const answer = await request;
    const text = textOf(answer);
    return { status: answer.res.status, ...(text === undefined ? {} : { text }) };
  } catch (error) {
    return toOutcome(error);
  }
}

/** ali-oss gives its errors a code, and a negative status if there was no answer. */
function toOutcome(error: unknown): Outcome {
  const { status, code }: { status?: unknown; code?: unknown } =
    typeof error === 'object' && error !== null ? error : {};
  return {
    status: typeof status === 'number' && status > 0 ? status : 0,
    code: typeof code === 'string' ? code : 'NoAnswer',
  };
}

async function fetchOutcome(url: string, init: RequestInit): Promise<Outcome> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { ...init, signal, redirect: 'manual' });
    const text = await response.text();
    const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
    if (response.ok) return { status: response.status, text };
    return { status: response.status, ...(code === undefined ? {} : { code }) };
  } catch (error) {
    return toOutcome(error);
  }
}

/** A host name has the bucket before it; for an IP address the bucket is in the path. */
function objectUrl({ bucket, endpoint, cname }: Place, key: string): string {
  const url = new URL(endpoint);
  const isAddress = isIP(url.hostname) !== 0;
  if (!cname && !isAddress) url.hostname = `${bucket}.${url.hostname}`;
  const path = key.split('/').map(encodeURIComponent).join('/');
  url.pathname = isAddress && !cname ? `/${bucket}/${path}` : `/${path}`;
  return url.href;
}

/**
 * The fields of a form, with a V4 signature that binds them all.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/signature-version-4-recommend
 */
function signForm(
  { bucket, region }: Place,
  keys: Keys,
  nowMs: number,
  fields: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const date = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [date.slice(0, 8), region, 'oss', 'aliyun_v4_request'];
  const bound = {
    ...fields,
    'x-oss-signature-version': 'OSS4-HMAC-SHA256',
    'x-oss-credential': [keys.accessKeyId, ...scope].join('/'),
    'x-oss-date': date,
    'x-oss-security-token': keys.securityToken,
  };
  const document = {
    expiration: new Date(nowMs + 600_000).toISOString(),
    conditions: [{ bucket }, ...Object.entries(bound).map(([name, value]) => ({ [name]: value }))],
  };
  const policy = Buffer.from(JSON.stringify(document)).toString('base64');
  const hmac = (key: string | Buffer, text: string) =>
    createHmac('sha256', key).update(text).digest();
  const signingKey = scope.reduce<string | Buffer>(hmac, `aliyun_v4${keys.accessKeySecret}`);
  const signature = hmac(Buffer.from(signingKey), policy).toString('hex');
  return { ...bound, policy, 'x-oss-signature': signature };
}
