/** What the verification of a subject token leaves of the registered claims (RFC 7519 section 4.1). */
import type { Grant, TrustedIssuer } from '../config/config.ts';
import type { ClaimSet } from './claim-set.ts';
import { type ClaimSpace, pathKey } from './claim-space.ts';
import type { Languages } from './grammar-language.ts';
import { ANY_TEXT, languageOf, subtract } from './language.ts';
import { WELL_FORMED } from './well-formed.ts';

/**
 * The claims of all subject tokens of the issuer that its deny lists and those of the grant let
 * through. Left out, so that more is called reachable: lengths, and what time makes of `exp`, `iat`
 * and `nbf`. Denied key IDs say nothing about claims, and the issuer can sign with another key.
 */
export function registeredClaims(
  grant: Grant,
  issuer: TrustedIssuer,
  languages: Languages,
): ClaimSpace {
  /** Most grants of an issuer deny the same. */
  const notDenied = (list: 'subjects' | 'tokenIds') => {
    const denied = [...(issuer.deny?.[list] ?? []), ...(grant.deny?.[list] ?? [])];
    if (denied.length === 0) return WELL_FORMED;
    return languages.once(JSON.stringify(['not denied', denied]), () =>
      subtract(WELL_FORMED, languageOf(denied)),
    );
  };
  const { audiences } = issuer;
  const rules: readonly (readonly [string, ClaimSet])[] = [
    ['iss', { strings: languageOf([issuer.issuer]) }],
    ['sub', { strings: notDenied('subjects') }],
    [
      'aud',
      {
        strings: languageOf(audiences),
        arrays: { items: ANY_TEXT, required: [], some: [audiences], isNotEmpty: true },
      },
    ],
    ['cnf', { isAbsent: true }],
    ['events', { isAbsent: true }],
    ['jti', { isAbsent: true, strings: notDenied('tokenIds') }],
    // required in fact; examples leave them out
    ['exp', { isAbsent: true, numbers: 'any' }],
    ['iat', { isAbsent: true, numbers: 'any' }],
    ['nbf', { isAbsent: true, numbers: 'any' }],
  ];
  return new Map(rules.map(([claim, set]) => [pathKey([claim]), { path: [claim], set }]));
}
