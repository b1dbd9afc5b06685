/** Parses an HTTP request to the simulated STS, without verifying anything. */
import type { IncomingMessage } from 'node:http';
import { stsError } from './error.ts';

/** How the caller authenticates. */
export type SignatureScheme = 'acs3' | 'rpc' | 'anonymous';

export interface StsRequest {
  readonly method: string;
  /** As on the wire, without the query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly query: ReadonlyMap<string, string>;
  readonly form: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** The parts that both signature schemes share. */
export interface SignedRequest {
  readonly accessKeyId: string;
  readonly securityToken: string | undefined;
  /** `YYYY-MM-DDTHH:MM:SSZ`; some RPC clients add milliseconds. */
  readonly timestamp: string | undefined;
  readonly nonce: string | undefined;
  readonly stringToSign: string;
  readonly isSignedWith: (accessKeySecret: string) => boolean;
}

const BODY_LIMIT_BYTES = 64 * 1024;

/** Throws StsError for a body that is too large or not a form, and for a repeated parameter. */
export async function readStsRequest(request: IncomingMessage): Promise<StsRequest> {
  const body = await readBody(request);
  const [path = '', ...rest] = (request.url ?? '').split('?');
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(',') : value);
  }
  const query = readParameters(rest.join('?'));
  const form = readForm(headers.get('content-type'), body);
  for (const name of form.keys()) {
    if (query.has(name)) throw repeated(name);
  }
  return { method: request.method ?? '', path, headers, query, form, body };
}

/** A parameter from the query or the form. */
export function parameterOf(request: StsRequest, name: string): string | undefined {
  return request.query.get(name) ?? request.form.get(name);
}

/** Recognises the scheme by a part that its clients must send. */
export function schemeOf(request: StsRequest): SignatureScheme {
  if (request.headers.has('authorization')) return 'acs3';
  if (parameterOf(request, 'Signature') !== undefined) return 'rpc';
  return 'anonymous';
}

/** ACS3 signs the action as a header; the older scheme and anonymous calls send a parameter. */
export function actionOf(request: StsRequest): string {
  const header = request.headers.get('x-acs-action');
  const parameter = parameterOf(request, 'Action');
  return (schemeOf(request) === 'acs3' ? header : (parameter ?? header)) ?? '';
}

/** ACS3 signs the version as a header, as with the action. */
export function versionOf(request: StsRequest): string {
  const header = request.headers.get('x-acs-version');
  const parameter = parameterOf(request, 'Version');
  return (schemeOf(request) === 'acs3' ? header : (parameter ?? header)) ?? '';
}

const COMMON_PARAMETERS: ReadonlySet<string> = new Set([
  'AccessKeyId',
  'Action',
  'Format',
  'RegionId',
  'SecurityToken',
  'Signature',
  'SignatureMethod',
  'SignatureNonce',
  'SignatureType',
  'SignatureVersion',
  'Timestamp',
  'Version',
]);

/** The parameters of the action itself, from the query and the form. */
export function actionParametersOf(request: StsRequest): ReadonlyMap<string, string> {
  const all = [...request.query, ...request.form];
  return new Map(all.filter(([name]) => !COMMON_PARAMETERS.has(name)));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    if (bytes > BODY_LIMIT_BYTES) throw stsError('InvalidParameter', 'The body is too large.');
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

function readForm(contentType: string | undefined, body: Buffer): ReadonlyMap<string, string> {
  if (body.length === 0) return new Map();
  const mediaType = (contentType ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/x-www-form-urlencoded') {
    throw stsError('InvalidParameter.ContentType');
  }
  return readParameters(body.toString('utf8'));
}

function readParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (parameters.has(name)) throw repeated(name);
    parameters.set(name, value);
  }
  return parameters;
}

/** The documentation does not say which of two values counts, so no client should depend on it. */
function repeated(name: string): Error {
  return stsError('InvalidParameter', `The parameter ${name} is repeated.`);
}
