/** Loads the keys of one trusted issuer from the place that the config names. */
import type { TrustedIssuer } from '../../config/config.ts';
import { type FetchJsonOptions, fetchJsonObject, parseFetchableUrl } from './fetch-json.ts';
import type { FetchIssuer } from './issuer-fetch.ts';
import { IssuerProblem } from './issuer-problem.ts';
import { type KeySet, readKeySet } from './key-set.ts';

export type LoadKeySet = () => Promise<KeySet>;

export interface LoadKeySetOptions {
  readonly issuer: TrustedIssuer;
  readonly fetchIssuer: FetchIssuer;
  /** How long discovery and JWKS together may take. */
  readonly timeoutMs: number;
}

const DISCOVERY_LIMIT_BYTES = 64 * 1024;
const JWKS_LIMIT_BYTES = 256 * 1024;

/** Makes the function that loads the issuer's keys. It throws IssuerProblem. */
export function createLoadKeySet(options: LoadKeySetOptions): LoadKeySet {
  const { issuer, fetchIssuer, timeoutMs } = options;
  const { keys, algorithms, privateNetwork = false } = issuer;
  if (keys.kind === 'jwks') {
    const inline = { keys: keys.jwks.keys };
    return () => readKeySet(inline, algorithms);
  }

  return async function loadKeySet() {
    const request = { fetchIssuer, privateNetwork, signal: AbortSignal.timeout(timeoutMs) };
    const uri = keys.kind === 'jwksUri' ? keys.uri : await discoverJwksUri(issuer.issuer, request);
    const jwks = await fetchJsonObject(uri, {
      ...request,
      what: 'the JWKS',
      limitBytes: JWKS_LIMIT_BYTES,
    });
    return readKeySet(jwks, algorithms);
  };
}

/**
 * Reads `jwks_uri` from the issuer's own metadata (OpenID Connect Discovery 1.0, sections 4.1 and
 * 4.3). The document must name this exact issuer, and its keys must be on the issuer's origin.
 * Otherwise a document could point the broker at any address. An issuer with keys elsewhere needs
 * `jwksUri` in the config.
 */
async function discoverJwksUri(
  issuer: string,
  request: Omit<FetchJsonOptions, 'what' | 'limitBytes'>,
): Promise<string> {
  const what = 'the discovery document';
  const document = await fetchJsonObject(
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    { ...request, what, limitBytes: DISCOVERY_LIMIT_BYTES },
  );
  if (document['issuer'] !== issuer) {
    throw new IssuerProblem(`${what}: names another issuer${quote(document['issuer'])}`);
  }

  const uri = document['jwks_uri'];
  const url = typeof uri === 'string' ? parseFetchableUrl(uri) : undefined;
  if (url === undefined) {
    throw new IssuerProblem(`${what}: "jwks_uri" is neither https nor loopback http`);
  }
  if (url.origin !== new URL(issuer).origin) {
    throw new IssuerProblem(
      `${what}: "jwks_uri" is on another origin (${url.origin}); set jwksUri in the config to trust it`,
    );
  }
  return url.href;
}

function quote(value: unknown): string {
  return typeof value === 'string' ? ` (${JSON.stringify(value.slice(0, 200))})` : '';
}
