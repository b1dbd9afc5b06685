/** Hands the keys of issuers on from one config to the next, so that no reload waits for an issuer. */
import type { TrustedIssuer } from '../../config/config.ts';
import type { IssuerKeys } from './issuer-keys.ts';

export interface KnownIssuer {
  readonly issuer: TrustedIssuer;
  readonly keys: IssuerKeys;
}

/** Gives each issuer its keys: those already held for the same issuer, or new ones from `create`. */
export type KeepIssuerKeys = (
  issuers: readonly TrustedIssuer[],
  create: (issuer: TrustedIssuer) => IssuerKeys,
) => readonly KnownIssuer[];

/**
 * Remembers only the keys of the issuers in the last call: an issuer that leaves the config loses
 * its keys. Keys are handed on only if every setting about their origin and their algorithms is
 * unchanged.
 */
export function createKeptIssuerKeys(): KeepIssuerKeys {
  let kept: ReadonlyMap<string, IssuerKeys> = new Map();

  return function keepIssuerKeys(issuers, create) {
    const known = issuers.map((issuer) => {
      const identity = identify(issuer);
      return { identity, issuer, keys: kept.get(identity) ?? create(issuer) };
    });
    kept = new Map(known.map(({ identity, keys }) => [identity, keys]));
    return known;
  };
}

/** Every setting of an issuer except those that apply after the signature is verified. */
function identify(issuer: TrustedIssuer): string {
  const { attributes, audiences, types, maxTokenAgeSeconds, clockToleranceSeconds, ...rest } =
    issuer;
  const { tokensValidAfter, oneTimeTokens, deny, ...source } = rest;
  return JSON.stringify(source);
}
