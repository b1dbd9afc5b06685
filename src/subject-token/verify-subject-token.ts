/** Verifies subject tokens: shape, trusted issuer, header, key, signature, claims, in this order. */
import { type CryptoKey, errors, flattenedVerify } from 'jose';
import type { TrustedIssuer } from '../config/config.ts';
import { boundedText } from '../lib/bounded-text.ts';
import type { Observe } from '../observe/event.ts';
import type { SubjectToken, VerifySubjectToken } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { checkClaims } from './claims.ts';
import { type CompactJws, parseCompactJws } from './compact-jws.ts';
import { checkHeader } from './header.ts';
import { createIssuerHint } from './issuer-hint.ts';
import type { FetchIssuer } from './keys/issuer-fetch.ts';
import { createFetchedKeys, createInlineKeys, type IssuerKeys } from './keys/issuer-keys.ts';
import {
  createKeptIssuerKeys,
  type KeepIssuerKeys,
  type KnownIssuer,
} from './keys/kept-issuer-keys.ts';
import { createLoadKeySet } from './keys/load-key-set.ts';

export interface VerifySubjectTokenOptions {
  readonly issuers: readonly TrustedIssuer[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly fetchIssuer: FetchIssuer;
  /** How long loading the keys of an issuer may take; 5,000 if absent. */
  readonly timeoutMs?: number;
  /** Receives loaded keys and failures to load them. */
  readonly observe: Observe;
  /** Reuses the keys that an earlier verifier held for the same issuer. */
  readonly keepKeys?: KeepIssuerKeys;
}

const DEFAULT_TIMEOUT_MS = 5000;
const MAX_LOGGED_ISSUER_LENGTH = 200;

/**
 * Makes the verifier for a config's issuers, each with its own keys. `warm` loads all keys before
 * the first token arrives and never throws.
 */
export function createVerifySubjectToken(
  options: VerifySubjectTokenOptions,
): VerifySubjectToken & { readonly warm: () => Promise<void> } {
  // Looked up by the exact text of `iss`: no prefix, case or URL normalisation can confuse two issuers.
  const { issuers, keepKeys = createKeptIssuerKeys() } = options;
  const knownIssuers: ReadonlyMap<unknown, KnownIssuer> = new Map(
    keepKeys(issuers, (issuer) => createKeys(issuer, options)).map((known) => [
      known.issuer.issuer,
      known,
    ]),
  );

  const hintAt = createIssuerHint(issuers);

  async function verifySubjectToken(compactJws: string): Promise<SubjectToken> {
    const jws = parseCompactJws(compactJws);
    const known = knownIssuers.get(jws.claimedIssuer);
    if (known === undefined) {
      throw untrusted(jws.claimedIssuer);
    }

    const { issuer, keys } = known;
    const wanted = checkHeader(jws.header, issuer);
    const { key, keyId, keyAgeSeconds } = await keys.find(wanted);
    if (!(await hasValidSignature(jws, key, wanted.algorithm))) {
      throw refuse({ reason: 'signature_invalid', issuerName: issuer.name });
    }

    const claims = jws.readClaims();
    const facts = checkClaims(claims, issuer, options.now());
    return {
      issuer,
      claims,
      ...facts,
      ...(keyId === undefined ? {} : { keyId }),
      ...(keyAgeSeconds === undefined ? {} : { keyAgeSeconds }),
    };
  }

  /** Shows the unverified `iss` to an operator who may have mistyped it in the config. */
  function untrusted(iss: unknown) {
    const hint = hintAt(iss);
    return refuse({
      reason: 'issuer_untrusted',
      claimedIssuer:
        typeof iss === 'string'
          ? boundedText(iss, MAX_LOGGED_ISSUER_LENGTH, 'tokens and secrets')
          : typeof iss,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  async function warm(): Promise<void> {
    await Promise.all([...knownIssuers.values()].map(({ keys }) => keys.warm()));
  }

  return Object.assign(verifySubjectToken, { warm });
}

function createKeys(issuer: TrustedIssuer, options: VerifySubjectTokenOptions): IssuerKeys {
  const { now, random, fetchIssuer, timeoutMs = DEFAULT_TIMEOUT_MS, observe } = options;
  const load = createLoadKeySet({ issuer, fetchIssuer, timeoutMs });
  const keysOptions = { issuerName: issuer.name, load, now, random, timeoutMs, observe };
  return issuer.keys.kind === 'jwks'
    ? createInlineKeys(keysOptions)
    : createFetchedKeys(keysOptions);
}

async function hasValidSignature(
  { segments }: CompactJws,
  key: CryptoKey,
  algorithm: string,
): Promise<boolean> {
  try {
    await flattenedVerify(segments, key, { algorithms: [algorithm] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
