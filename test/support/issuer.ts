/** An OpenID Connect issuer on the loopback interface: real keys, real HTTP, and faults on demand. */
import { createServer, type ServerResponse } from 'node:http';
import { CompactSign } from 'jose';
import type { Algorithm, TrustedIssuer } from '../../src/config/config.ts';
import { generateSigningKey, type SigningKey } from './keys.ts';

/** How the issuer misbehaves when one of its documents is requested. */
export type IssuerFault =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'body'; readonly text: string; readonly headers?: Record<string, string> }
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly headers?: Record<string, string> }
  /** Sends white space in chunks until the client hangs up or the total is reached. */
  | { readonly kind: 'flood'; readonly totalBytes: number }
  /** Accepts the request and never answers. */
  | { readonly kind: 'silence' }
  /** Answers with headers and half a document, and never sends the rest. */
  | { readonly kind: 'stall' };

export interface IssuerOptions {
  /** One key for each; the first one signs. ES256 if absent, the fastest to generate. */
  readonly algorithms?: readonly [Algorithm, ...Algorithm[]];
  /** Path of the issuer identifier, e.g. `/` or `/tenant-a`. None if absent. */
  readonly path?: string;
  /** Milliseconds since the epoch, for `iat` and `exp`. */
  readonly now?: () => number;
}

interface TokenOptions {
  /** Overrides members of the usual header; `undefined` omits a member. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: SigningKey;
}

export interface TestIssuer {
  /** The issuer identifier, for `iss`. */
  readonly url: string;
  readonly jwksUri: string;
  /** The signing key first, then the other published keys. */
  keys: () => readonly [SigningKey, ...SigningKey[]];
  /** The trusted issuer for the config; its keys come from discovery unless overridden. */
  trusted: (overrides?: Partial<TrustedIssuer>) => TrustedIssuer;
  /** The claims of a good token; `undefined` omits one. */
  claims: (overrides?: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  /** A good token, signed with jose: `sub` user-1, `aud` oss-token-broker, 10 minutes to live. */
  token: (claims?: Readonly<Record<string, unknown>>, options?: TokenOptions) => Promise<string>;
  /** How often each document was requested. */
  readonly requests: { discovery: number; jwks: number; other: number };
  /** Bytes written under the fault `flood`. */
  readonly flooded: { bytes: number };
  /** Makes new keys with new `kid`s, and withdraws the old ones unless `keepOld` is set. */
  rotate: (options?: { readonly keepOld?: boolean }) => void;
  /** Publishes this object as JWKS instead of the keys. */
  publish: (jwks: object | undefined) => void;
  /** Overrides members of the discovery document. */
  discover: (overrides: Readonly<Record<string, unknown>>) => void;
  /** Sets or clears the fault of a document. */
  fault: (document: 'discovery' | 'jwks', fault: IssuerFault | undefined) => void;
  close: () => Promise<void>;
}

const DISCOVERY_PATH = '/.well-known/openid-configuration';

/** Starts an issuer on a free port. Close it when done. */
export async function createTestIssuer(options: IssuerOptions = {}): Promise<TestIssuer> {
  const { algorithms = ['ES256'], path = '', now = Date.now } = options;
  const requests = { discovery: 0, jwks: 0, other: 0 };
  const flooded = { bytes: 0 };
  const faults = new Map<string, IssuerFault>();
  let generation = 0;
  let keys = makeKeys();
  let published: object | undefined;
  let discoveryOverrides: Readonly<Record<string, unknown>> = {};

  function makeKeys(): [SigningKey, ...SigningKey[]] {
    generation++;
    const [first, ...others] = algorithms;
    const make = (algorithm: Algorithm) =>
      generateSigningKey(algorithm, `${algorithm.toLowerCase()}-${generation}`);
    return [make(first), ...others.map(make)];
  }

  const server = createServer((request, response) => {
    const document = whichDocument(request.url ?? '');
    requests[document]++;
    const fault = faults.get(document);
    if (fault !== undefined) return misbehave(response, fault, flooded);
    if (document === 'other') return response.writeHead(404).end();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(document === 'jwks' ? jwks() : discovery()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the issuer has no port');
  const origin = `http://127.0.0.1:${address.port}`;
  const url = `${origin}${path}`;
  const base = path.replace(/\/$/, '');
  const jwksUri = `${origin}${base}/jwks.json`;

  function whichDocument(requestPath: string): 'discovery' | 'jwks' | 'other' {
    if (requestPath === `${base}${DISCOVERY_PATH}`) return 'discovery';
    return requestPath === `${base}/jwks.json` ? 'jwks' : 'other';
  }

  function jwks(): object {
    return published ?? { keys: keys.map((key) => key.publicJwk) };
  }

  function discovery(): object {
    return { issuer: url, jwks_uri: jwksUri, ...discoveryOverrides };
  }

  function trusted(overrides: Partial<TrustedIssuer> = {}): TrustedIssuer {
    return {
      name: 'test',
      issuer: url,
      audiences: ['oss-token-broker'],
      keys: { kind: 'discovery' },
      algorithms: [...new Set<Algorithm>(['RS256', 'ES256', ...algorithms])],
      types: ['jwt'],
      maxTokenAgeSeconds: 24 * 60 * 60,
      clockToleranceSeconds: 30,
      attributes: [],
      ...overrides,
    };
  }

  function claims(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const nowSeconds = Math.floor(now() / 1000);
    return {
      iss: url,
      sub: 'user-1',
      aud: 'oss-token-broker',
      iat: nowSeconds,
      exp: nowSeconds + 600,
      ...overrides,
    };
  }

  async function token(
    overrides: Readonly<Record<string, unknown>> = {},
    { header = {}, key = keys[0] }: TokenOptions = {},
  ): Promise<string> {
    const payload = new TextEncoder().encode(JSON.stringify(claims(overrides)));
    return new CompactSign(payload)
      .setProtectedHeader({ alg: key.algorithm, kid: key.keyId, typ: 'JWT', ...header })
      .sign(key.privateKey);
  }

  return {
    url,
    jwksUri,
    requests,
    flooded,
    keys: () => keys,
    trusted,
    claims,
    token,
    rotate({ keepOld = false } = {}) {
      keys = keepOld ? [...makeKeys(), ...keys] : makeKeys();
    },
    publish(jwksOrNothing) {
      published = jwksOrNothing;
    },
    discover(overrides) {
      discoveryOverrides = overrides;
    },
    fault(document, fault) {
      if (fault === undefined) faults.delete(document);
      else faults.set(document, fault);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function misbehave(response: ServerResponse, fault: IssuerFault, flooded: { bytes: number }): void {
  switch (fault.kind) {
    case 'status':
      response.writeHead(fault.status).end('{}');
      return;
    case 'redirect':
      response.writeHead(302, { location: fault.location }).end();
      return;
    case 'body':
      response.writeHead(200, fault.headers).end(fault.text);
      return;
    case 'bytes':
      response.writeHead(200, fault.headers).end(fault.bytes);
      return;
    case 'flood':
      flood(response, fault.totalBytes, flooded);
      return;
    case 'silence':
      return;
    case 'stall':
      response.writeHead(200).write('{"keys":[');
      return;
  }
}

/** Writes no faster than the client reads, so that the count shows how much the client has read. */
function flood(response: ServerResponse, totalBytes: number, flooded: { bytes: number }): void {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  const writeOn = () => {
    while (flooded.bytes < totalBytes && !response.destroyed) {
      flooded.bytes += chunk.length;
      if (!response.write(chunk)) return;
    }
    response.end();
  };
  response.on('drain', writeOn);
  writeOn();
}
