/** Starts a simulated OSS with identities of every kind, and signs requests by the documentation, independently of the simulator. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type OSS from 'ali-oss';
import { createCloud } from '../../../simulator/cloud.ts';
import { startSimulatedOss } from '../../../simulator/oss/server.ts';
import type { Undocumented } from '../../../simulator/oss/undocumented.ts';
import type { RamPolicy, RamStatement } from '../../../src/session-policy/ram-policy.ts';
import { createOssClient } from '../../support/oss-client.ts';

export const REGION = 'cn-hangzhou';

export interface Keys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

/** A request before it is sent. Nothing in it is encoded yet. */
export interface Ask {
  readonly method?: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** The code of an error, or the empty string. */
  readonly code: string;
  readonly ec: string;
}

export type OssFixture = Awaited<ReturnType<typeof startOssFixture>>;

/** Starts an OSS with the buckets `app-media` and `other`, and without identities. */
export async function startOssFixture(undocumented: Partial<Undocumented> = {}) {
  const clock = { offsetMs: 0 };
  const now = () => Date.now() + clock.offsetMs;
  const cloud = createCloud({ accountId: '123456789012', now });
  for (const name of ['app-media', 'other']) {
    cloud.buckets.set(name, { name, region: REGION, corsOrigins: [] });
  }
  const oss = await startSimulatedOss({ cloud, undocumented });

  /** A RAM user with one policy. */
  function addUser(statements: readonly RamStatement[] = [EVERYTHING]): Keys {
    const keys = { accessKeyId: `LTAI${hex(8)}`, accessKeySecret: hex(15) };
    const arn = 'acs:ram::123456789012:user/someone';
    cloud.identities.set(keys.accessKeyId, { ...keys, arn, policies: [[policyOf(statements)]] });
    return keys;
  }

  /** A session of a role that may do everything, narrowed by a session policy. */
  function addSession(statements: readonly RamStatement[] = [EVERYTHING]): Required<Keys> {
    const keys = {
      accessKeyId: `STS.${hex(8)}`,
      accessKeySecret: hex(15),
      securityToken: `CAIS+${hex(20)}/==`,
    };
    cloud.identities.set(keys.accessKeyId, {
      ...keys,
      expiresAtMs: now() + 3_600_000,
      arn: 'acs:ram::123456789012:assumed-role/uploader/someone',
      policies: [[policyOf([EVERYTHING])], [policyOf(statements)]],
    });
    return keys;
  }

  /** Sends a request; with `host`, the bucket is in the host name instead of the path. */
  function send(ask: Ask, options: { readonly host?: string } = {}): Promise<Answer> {
    const { method = 'GET', bucket = 'app-media', key = '', query = {}, headers = {}, body } = ask;
    const pairs = Object.entries(query).map(([name, value]) =>
      value === '' ? encode(name) : `${encode(name)}=${encode(value)}`,
    );
    const object = encode(key).replaceAll('%2F', '/');
    const path = options.host === undefined ? `/${bucket}/${object}` : `/${object}`;
    return sendRaw(
      method,
      `${bucket === '' ? '/' : path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`,
      {
        headers: { ...headers, ...(options.host === undefined ? {} : { Host: options.host }) },
        ...(body === undefined ? {} : { body }),
      },
    );
  }

  function sendRaw(
    method: string,
    path: string,
    options: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
    } = {},
  ): Promise<Answer> {
    const { body = '' } = options;
    const headers = { ...options.headers, 'Content-Length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const { port } = new URL(oss.url);
      // on a busy machine a kept connection may be closed just when it is used again
      const to = { host: '127.0.0.1', port, agent: false };
      const sent = httpRequest({ ...to, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            code: textOf(text, 'Code'),
            ec: textOf(text, 'EC'),
          });
        });
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }

  /** The vendor's client with the keys of a session. */
  function createClient(keys: Required<Keys>, options: Partial<OSS.Options> = {}): OSS {
    const { accessKeyId, accessKeySecret, securityToken } = keys;
    return createOssClient(
      oss.url,
      {
        AccessKeyId: accessKeyId,
        AccessKeySecret: accessKeySecret,
        SecurityToken: securityToken,
      },
      options,
    );
  }

  return { clock, now, cloud, oss, addUser, addSession, send, sendRaw, createClient };
}

export const EVERYTHING: RamStatement = { Effect: 'Allow', Action: 'oss:*', Resource: '*' };

/** Allows these actions on these keys of the bucket `app-media`; without keys, on the bucket itself. */
export function allow(actions: readonly string[], keys: readonly string[] = ['']): RamStatement {
  const Resource = keys.map((key) => `acs:oss:*:*:app-media${key === '' ? '' : `/${key}`}`);
  return { Effect: 'Allow', Action: actions, Resource };
}

function policyOf(statements: readonly RamStatement[]): RamPolicy {
  return { Version: '1', Statement: statements };
}

/** Parameters that V1 does not sign. */
const UNSIGNED_BY_V1 = new Set([
  ...['prefix', 'delimiter', 'marker', 'max-keys', 'list-type', 'start-after', 'encoding-type'],
  ...['OSSAccessKeyId', 'Signature', 'Expires', 'fetch-owner'],
]);

/** Signs with version 1 in the header, and with the Date header; the vendor's client uses x-oss-date. */
export function signV1(ask: Ask, keys: Keys, nowMs: number): Ask {
  const date = new Date(nowMs).toUTCString();
  const headers = {
    ...ask.headers,
    Date: date,
    ...(keys.securityToken === undefined ? {} : { 'x-oss-security-token': keys.securityToken }),
  };
  const text = stringToSignV1({ ...ask, headers }, date);
  const Authorization = `OSS ${keys.accessKeyId}:${hmacSha1(keys.accessKeySecret, text)}`;
  return { ...ask, headers: { ...headers, Authorization } };
}

/** Signs with version 1 in the query; `expires` is a Unix time in seconds. */
export function presignV1(ask: Ask, keys: Keys, expires: number): Ask {
  const query = {
    ...ask.query,
    OSSAccessKeyId: keys.accessKeyId,
    Expires: String(expires),
    ...(keys.securityToken === undefined ? {} : { 'security-token': keys.securityToken }),
  };
  const Signature = hmacSha1(
    keys.accessKeySecret,
    stringToSignV1({ ...ask, query }, String(expires)),
  );
  return { ...ask, query: { ...query, Signature } };
}

function stringToSignV1(ask: Ask, date: string): string {
  const { method = 'GET', bucket = 'app-media', key = '', query = {} } = ask;
  const headers = lowerCase(ask.headers);
  const ossHeaders = [...headers]
    .filter(([name]) => name.startsWith('x-oss-'))
    .map(([name, value]) => `${name}:${value}\n`)
    .sort();
  const parameters = Object.entries(query)
    .filter(([name]) => !UNSIGNED_BY_V1.has(name))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .sort();
  const resource = `${bucket === '' ? '/' : `/${bucket}/${key}`}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
  const md5 = headers.get('content-md5') ?? '';
  const type = headers.get('content-type') ?? '';
  return [method, md5, type, date, `${ossHeaders.join('')}${resource}`].join('\n');
}

export interface SigningV4 {
  readonly nowMs: number;
  readonly region?: string;
  /** By default the day of `nowMs`. */
  readonly day?: string;
  readonly service?: string;
  /** Further headers to sign, sorted. */
  readonly additional?: readonly string[];
}

/** Signs with version 4 in the header. */
export function signV4(ask: Ask, keys: Keys, signing: SigningV4): Ask {
  const additional = signing.additional ?? [];
  const date = basicDate(signing.nowMs);
  const scope = scopeOf(signing);
  const headers = {
    ...ask.headers,
    'x-oss-date': date,
    'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
    ...(keys.securityToken === undefined ? {} : { 'x-oss-security-token': keys.securityToken }),
  };
  const canonical = canonicalRequest({ ...ask, headers }, additional);
  const signature = signatureV4(keys.accessKeySecret, { date, scope, canonical });
  const named = additional.length === 0 ? '' : `AdditionalHeaders=${additional.join(';')},`;
  const Authorization = `OSS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope},${named}Signature=${signature}`;
  return { ...ask, headers: { ...headers, Authorization } };
}

/** Signs with version 4 in the query. */
export function presignV4(ask: Ask, keys: Keys, signing: SigningV4 & { expires: string }): Ask {
  const date = basicDate(signing.nowMs);
  const scope = scopeOf(signing);
  const query = {
    ...ask.query,
    'x-oss-signature-version': 'OSS4-HMAC-SHA256',
    'x-oss-credential': `${keys.accessKeyId}/${scope}`,
    'x-oss-date': date,
    'x-oss-expires': signing.expires,
    ...(keys.securityToken === undefined ? {} : { 'x-oss-security-token': keys.securityToken }),
  };
  const canonical = canonicalRequest({ ...ask, query }, []);
  const signature = signatureV4(keys.accessKeySecret, { date, scope, canonical });
  return { ...ask, query: { ...query, 'x-oss-signature': signature } };
}

function scopeOf({ nowMs, region = REGION, day, service = 'oss/aliyun_v4_request' }: SigningV4) {
  return `${day ?? basicDate(nowMs).slice(0, 8)}/${region}/${service}`;
}

function canonicalRequest(ask: Ask, additional: readonly string[]): string {
  const { method = 'GET', bucket = 'app-media', key = '', query = {} } = ask;
  const pairs = Object.entries(query)
    .map(([name, value]): [string, string] => [encode(name), encode(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  const headers = [...lowerCase(ask.headers)]
    .filter(
      ([name]) => /^(x-oss-.*|content-type|content-md5)$/.test(name) || additional.includes(name),
    )
    .map(([name, value]) => `${name}:${value}\n`)
    .sort();
  const path = encode(bucket === '' ? '/' : `/${bucket}/${key}`).replaceAll('%2F', '/');
  return [
    method,
    path,
    pairs.join('&'),
    headers.join(''),
    additional.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
}

function signatureV4(
  secret: string,
  signed: { readonly date: string; readonly scope: string; readonly canonical: string },
): string {
  const hash = createHash('sha256').update(signed.canonical).digest('hex');
  const text = `OSS4-HMAC-SHA256\n${signed.date}\n${signed.scope}\n${hash}`;
  return createHmac('sha256', keyV4(secret, signed.scope)).update(text).digest('hex');
}

/** The key that version 4 derives for one day, region and service. */
export function keyV4(secret: string, scope: string): Buffer {
  let key = Buffer.from(`aliyun_v4${secret}`);
  for (const step of scope.split('/')) key = createHmac('sha256', key).update(step).digest();
  return key;
}

/** `20261123T190000Z` */
export function basicDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}

export function hmacSha1(secret: string, text: string): string {
  return createHmac('sha1', secret).update(text).digest('base64');
}

export function md5Of(text: string): string {
  return createHash('md5').update(text).digest('base64');
}

/** The text of the first element with that name. */
export function textOf(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
}

/** The text of every element with that name. */
export function textsOf(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(
    ([, text = '']) => text,
  );
}

function lowerCase(headers: Ask['headers'] = {}): ReadonlyMap<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function encode(text: string): string {
  const toEscape = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, toEscape);
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
