/** Starts a simulated STS with one RAM user and one role, and offers clients that share no code with it. */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { $OpenApiUtil } from '@alicloud/openapi-core';
import { AssumeRoleRequest } from '@alicloud/sts20150401';
import { createCloud, type Identity, type Role } from '../../../simulator/cloud.ts';
import { startSimulatedSts } from '../../../simulator/sts/server.ts';
import type { SimulatedStsOptions } from '../../../simulator/sts/sts.ts';
import type { RamPolicy } from '../../../src/session-policy/ram-policy.ts';

/**
 * The default exports of the vendor's CommonJS modules. Node and test runners disagree about the
 * default import of such a module; `require` means the same everywhere.
 */
const load = createRequire(import.meta.url);
const sdk: typeof import('@alicloud/sts20150401', { with: { 'resolution-mode': 'require' }}) =
  load('@alicloud/sts20150401');
const vendorHttp: typeof import('@alicloud/credentials/dist/src/providers/http.js', { with: {
  'resolution-mode': 'require',
}}) = load('@alicloud/credentials/dist/src/providers/http.js');
export const vendorRamRoleArn: typeof import('@alicloud/credentials/dist/src/providers/ram_role_arn.js', { with: {
  'resolution-mode': 'require',
}}) = load('@alicloud/credentials/dist/src/providers/ram_role_arn.js');
export const vendorOidcRoleArn: typeof import('@alicloud/credentials/dist/src/providers/oidc_role_arn.js', { with: {
  'resolution-mode': 'require',
}}) = load('@alicloud/credentials/dist/src/providers/oidc_role_arn.js');
export const vendorStaticAk: typeof import('@alicloud/credentials/dist/src/providers/static_ak.js', { with: {
  'resolution-mode': 'require',
}}) = load('@alicloud/credentials/dist/src/providers/static_ak.js');

/** Makes a provider of the vendor use plain HTTP, which it has no setting for. */
export function allowPlainHttp(provider: object): void {
  Reflect.set(provider, 'doRequest', (request: InstanceType<typeof vendorHttp.Request>) => {
    Reflect.set(request, 'protocol', 'http');
    return vendorHttp.doRequest(request);
  });
}

export const ACCOUNT = '123456789012';
export const ROLE_ARN = `acs:ram::${ACCOUNT}:role/oss-uploader`;
export const BROKER_ARN = `acs:ram::${ACCOUNT}:user/broker`;

export function allow(action: string, resource = '*'): RamPolicy {
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: action, Resource: resource }] };
}

export const BROKER: Identity = {
  accessKeyId: 'LTAI5tBroker',
  accessKeySecret: 'broker-secret',
  arn: BROKER_ARN,
  policies: [[allow('sts:AssumeRole')]],
};

export const ROLE: Role = {
  arn: ROLE_ARN,
  policies: [allow('oss:*')],
  trustedArns: [BROKER_ARN],
  maxSessionDurationSeconds: 3600,
};

export type Fixture = Awaited<ReturnType<typeof startFixture>>;

export async function startFixture(options: Omit<SimulatedStsOptions, 'cloud'> = {}) {
  const clock = { offsetMs: 0 };
  const cloud = createCloud({ accountId: ACCOUNT, now: () => Date.now() + clock.offsetMs });
  cloud.identities.set(BROKER.accessKeyId, BROKER);
  cloud.roles.set(ROLE.arn, ROLE);
  const sts = await startSimulatedSts({ cloud, ...options });
  return { clock, cloud, sts };
}

export interface Keys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string | undefined;
}

/** The vendor's own client. */
export function createSdkClient(
  host: string,
  keys: Keys,
  options: { readonly signatureAlgorithm?: string; readonly timeoutMs?: number } = {},
) {
  const { accessKeyId, accessKeySecret, securityToken } = keys;
  const { signatureAlgorithm, timeoutMs = 5000 } = options;
  return new sdk.default(
    new $OpenApiUtil.Config({
      accessKeyId,
      accessKeySecret,
      ...(securityToken === undefined ? {} : { securityToken }),
      ...(signatureAlgorithm === undefined ? {} : { signatureAlgorithm }),
      endpoint: host,
      protocol: 'HTTP',
      regionId: 'cn-hangzhou',
      readTimeout: timeoutMs,
      connectTimeout: timeoutMs,
    }),
  );
}

export function askFor(members: Partial<AssumeRoleRequest> = {}): AssumeRoleRequest {
  return new AssumeRoleRequest({ roleArn: ROLE_ARN, roleSessionName: 'alice', ...members });
}

/** The parts of the SDK's error that tests compare; fails if it threw nothing. */
export async function errorOf(
  promise: Promise<unknown>,
): Promise<Readonly<Record<string, unknown>>> {
  const error = await promise.then(
    () => new Error('It was not refused.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('The thrown value is not an Error.');
  return {
    name: error.name,
    code: 'code' in error ? error.code : undefined,
    statusCode: 'statusCode' in error ? error.statusCode : undefined,
    message: error.message,
  };
}

/** The sessions that exist; none if everything was refused. */
export function sessionsOf(fixture: Fixture): readonly Identity[] {
  return [...fixture.cloud.identities.values()].filter(({ arn }) => arn.includes(':assumed-role/'));
}

export interface WireRequest {
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export const ASSUME_ROLE = { RoleArn: ROLE_ARN, RoleSessionName: 'alice' };

/** Signs as the vendor's page on V3 signatures describes, independently of the simulator. */
export function signAcs3(
  host: string,
  options: {
    readonly keys?: Keys;
    readonly query?: Record<string, string>;
    readonly body?: string;
    readonly headers?: Record<string, string>;
  } = {},
): WireRequest {
  const { keys = BROKER, query = {}, body = '' } = options;
  const headers: Record<string, string> = {
    host,
    'x-acs-action': 'AssumeRole',
    'x-acs-version': '2015-04-01',
    'x-acs-date': utcSeconds(Date.now()),
    'x-acs-signature-nonce': randomUUID(),
    'x-acs-content-sha256': createHash('sha256').update(body).digest('hex'),
    ...(body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(keys.securityToken === undefined ? {} : { 'x-acs-security-token': keys.securityToken }),
    ...options.headers,
  };
  const names = Object.keys(headers).sort();
  const canonical = `POST\n/\n${sortedQuery(query)}\n${names
    .map((name) => `${name}:${headers[name]}\n`)
    .join('')}\n${names.join(';')}\n${createHash('sha256').update(body).digest('hex')}`;
  const text = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonical).digest('hex')}`;
  const signature = createHmac('sha256', keys.accessKeySecret).update(text).digest('hex');
  const authorization = `ACS3-HMAC-SHA256 Credential=${keys.accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`;
  return { query, headers: { ...headers, authorization }, body };
}

/** Signs as the vendor's page on the RPC mechanism describes, independently of the simulator. */
export function signRpc(options: {
  readonly keys?: Keys;
  readonly form?: Record<string, string>;
  readonly query?: Record<string, string>;
}): WireRequest {
  const { keys = BROKER, form = {} } = options;
  const query: Record<string, string> = {
    Action: 'AssumeRole',
    Version: '2015-04-01',
    Format: 'JSON',
    Timestamp: utcSeconds(Date.now()),
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: randomUUID(),
    AccessKeyId: keys.accessKeyId,
    ...(keys.securityToken === undefined ? {} : { SecurityToken: keys.securityToken }),
    ...options.query,
  };
  const text = `POST&%2F&${strictEncode(sortedQuery({ ...query, ...form }))}`;
  const signature = createHmac('sha1', `${keys.accessKeySecret}&`).update(text).digest('base64');
  return {
    query: { ...query, Signature: signature },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  };
}

/** Sends a request exactly as given and reads the JSON answer. */
export async function send(
  url: string,
  request: WireRequest,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const { host: _host, ...headers } = request.headers;
  const response = await fetch(`${url}/?${sortedQuery(request.query)}`, {
    method: 'POST',
    headers,
    ...(request.body === '' ? {} : { body: request.body }),
  });
  const body: unknown = await response.json();
  if (typeof body !== 'object' || body === null) throw new Error('The answer is not an object.');
  return { status: response.status, body: { ...body } };
}

export function utcSeconds(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

function sortedQuery(parameters: Record<string, string>): string {
  const names = Object.keys(parameters).sort();
  return names.map((name) => `${name}=${strictEncode(parameters[name] ?? '')}`).join('&');
}

function strictEncode(text: string): string {
  return Array.from(Buffer.from(text), (byte) => {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9._~-]/.test(character)) return character;
    return `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  }).join('');
}
