/** The keys of issuers handed on from one config to the next, so that no reload has to wait for an issuer. */
import type { TrustedIssuer } from '../../config/config.ts';
import type { IssuerKeys } from './issuer-keys.ts';

export interface KnownIssuer {
  readonly issuer: TrustedIssuer;
  readonly keys: IssuerKeys;
}

/** Gives each issuer its keys: those at hand for the same issuer, or new ones from `create`. */
export type KeepIssuerKeys = (
  issuers: readonly TrustedIssuer[],
  create: (issuer: TrustedIssuer) => IssuerKeys,
) => readonly KnownIssuer[];

/**
 * Remembers the keys of the issuers asked for last, and of no others: an issuer that leaves the
 * config leaves its keys behind. Keys are handed on only if all that the config says of where they
 * come from and what they may be is as it was.
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

/** Everything of an issuer but what is done with its tokens once their signature is verified. */
function identify(issuer: TrustedIssuer): string {
  const { attributes, audiences, types, maxTokenAgeSeconds, clockToleranceSeconds, ...rest } =
    issuer;
  const { tokensValidAfter, oneTimeTokens, deny, ...source } = rest;
  return JSON.stringify(source);
}
