/** Verifies subject tokens: shape, trusted issuer, header, key, signature, claims, in this order. */
import { type CryptoKey, errors, flattenedVerify } from 'jose';
import type { TrustedIssuer } from '../config/config.ts';
import type { Observe } from '../observe/event.ts';
import type { Claims, SubjectToken, TokenKeeper, VerifySubjectToken } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { checkUnverified } from './check-unverified.ts';
import { checkClaims } from './claims.ts';
import type { CompactJws } from './compact-jws.ts';
import type { FetchIssuer } from './keys/issuer-fetch.ts';
import { createFetchedKeys, createInlineKeys, type IssuerKeys } from './keys/issuer-keys.ts';
import {
  createKeptIssuerKeys,
  type KeepIssuerKeys,
  type KnownIssuer,
} from './keys/kept-issuer-keys.ts';
import type { FoundKey } from './keys/key-set.ts';
import { createLoadKeySet } from './keys/load-key-set.ts';
import { createTokenKeeper } from './token-keeper.ts';
import { createUntrustedIssuer } from './untrusted-issuer.ts';
import { createVerifiedTokens, type VerifiedToken } from './verified-tokens.ts';

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

/**
 * Makes the verifier for a config's issuers, each with its own keys. `warm` loads all keys before
 * the first token arrives and never throws. `keeper` puts verified tokens aside.
 */
export function createVerifySubjectToken(
  options: VerifySubjectTokenOptions,
): VerifySubjectToken & { readonly warm: () => Promise<void>; readonly keeper: TokenKeeper } {
  // Looked up by the exact text of `iss`: no prefix, case or URL normalisation can confuse two issuers.
  const { issuers, keepKeys = createKeptIssuerKeys() } = options;
  const knownIssuers: ReadonlyMap<unknown, KnownIssuer> = new Map(
    keepKeys(issuers, (issuer) => createKeys(issuer, options)).map((known) => [
      known.issuer.issuer,
      known,
    ]),
  );

  const untrustedIssuer = createUntrustedIssuer(issuers);
  const recall = createVerifiedTokens();
  const keeper = createTokenKeeper({ findIssuer, toSubjectToken });

  async function verifySubjectToken(compactJws: string): Promise<SubjectToken> {
    const { verified, remember } = recall(compactJws);
    const again = verified === undefined ? undefined : await checkAgain(verified);
    if (again !== undefined) return again;

    const { jws, known, wanted } = checkUnverified(compactJws, findIssuer);
    const { issuer, keys } = known;
    const found = await keys.find(wanted);
    if (!(await hasValidSignature(jws, found.key, wanted.algorithm))) {
      throw refuse({ reason: 'signature_invalid', issuerName: issuer.name });
    }

    const claims = jws.readClaims();
    const token = toSubjectToken(issuer, claims, found);
    keeper.note(claims, { header: jws.header, key: found.key });
    remember({ known, wanted, key: found.key, claims });
    return token;
  }

  /**
   * A signature that this very key verified stays valid. Everything else is checked again: that the
   * issuer still has the key, and what the claims say at this time.
   */
  async function checkAgain(verified: VerifiedToken): Promise<SubjectToken | undefined> {
    const { known, wanted, key, claims } = verified;
    const found = await known.keys.find(wanted);
    return found.key === key ? toSubjectToken(known.issuer, claims, found) : undefined;
  }

  /** Throws the refusals of the claims. `endsAt` takes the place of `exp`. */
  function toSubjectToken(
    issuer: TrustedIssuer,
    claims: Claims,
    { keyId, keyAgeSeconds }: FoundKey,
    endsAt?: number,
  ): SubjectToken {
    const checked = endsAt === undefined ? claims : { ...claims, exp: endsAt };
    return {
      issuer,
      claims,
      ...checkClaims(checked, issuer, options.now()),
      ...(keyId === undefined ? {} : { keyId }),
      ...(keyAgeSeconds === undefined ? {} : { keyAgeSeconds }),
    };
  }

  /** Throws `issuer_untrusted`. */
  function findIssuer(iss: unknown): KnownIssuer {
    const known = knownIssuers.get(iss);
    if (known === undefined) throw untrustedIssuer(iss);
    return known;
  }

  async function warm(): Promise<void> {
    await Promise.all([...knownIssuers.values()].map(({ keys }) => keys.warm()));
  }

  return Object.assign(verifySubjectToken, { warm, keeper });
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
