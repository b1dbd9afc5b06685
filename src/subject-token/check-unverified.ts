/** The checks of a subject token before its signature, in their order: form, issuer, header. */
import type { TrustedIssuer } from '../config/config.ts';
import { type CompactJws, parseCompactJws } from './compact-jws.ts';
import { checkHeader, type WantedKey } from './header.ts';

/** Anybody may have made it. It only says which key must have signed. */
export interface UnverifiedToken<Known> {
  readonly jws: CompactJws;
  /** What `findIssuer` found. */
  readonly known: Known;
  readonly wanted: WantedKey;
}

/** A check that begins, and what it looks at. */
export type UnverifiedCheck =
  | { readonly step: 'form' }
  | { readonly step: 'issuer'; readonly jws: CompactJws }
  | { readonly step: 'header'; readonly jws: CompactJws; readonly issuer: TrustedIssuer };

/**
 * Takes the checks that need no key. `begin` hears of each before it is taken. Throws the refusals of
 * form and header, and what `findIssuer` throws for an issuer that is not trusted.
 */
export function checkUnverified<Known extends { readonly issuer: TrustedIssuer }>(
  compactJws: string,
  findIssuer: (iss: unknown) => Known,
  begin: (check: UnverifiedCheck) => void = () => {},
): UnverifiedToken<Known> {
  begin({ step: 'form' });
  const jws = parseCompactJws(compactJws);
  begin({ step: 'issuer', jws });
  const known = findIssuer(jws.claimedIssuer);
  begin({ step: 'header', jws, issuer: known.issuer });
  return { jws, known, wanted: checkHeader(jws.header, known.issuer) };
}
