/** What the verification of a subject token leaves of the registered claims (RFC 7519 section 4.1). */
import type { ClaimPath, Grant, TrustedIssuer } from '../config/config.ts';
import { type ClaimSet, without } from './claim-set.ts';
import { type ClaimSpace, pathKey } from './claim-space.ts';
import { ANY_TEXT, languageOf } from './language.ts';
import { WELL_FORMED } from './well-formed.ts';

/**
 * The claims of all subject tokens of the issuer that its deny lists and those of the grant let
 * through. Left out, so that more is called reachable: lengths, and what time makes of `exp`, `iat`
 * and `nbf`. Denied key IDs say nothing about claims, and the issuer can sign with another key.
 */
export function registeredClaims(grant: Grant, issuer: TrustedIssuer): ClaimSpace {
  const denied = (list: 'subjects' | 'tokenIds') => [
    ...(issuer.deny?.[list] ?? []),
    ...(grant.deny?.[list] ?? []),
  ];
  const { audiences } = issuer;
  const always: readonly (readonly [string, ClaimSet])[] = [
    ['iss', { strings: languageOf([issuer.issuer]) }],
    ['sub', without({ strings: WELL_FORMED }, denied('subjects'))],
    [
      'aud',
      {
        strings: languageOf(audiences),
        arrays: { items: ANY_TEXT, required: [], some: [audiences], isNotEmpty: true },
      },
    ],
    ['cnf', { isAbsent: true }],
    ['events', { isAbsent: true }],
  ];
  const ifNamed: readonly (readonly [string, ClaimSet])[] = [
    ['jti', without({ isAbsent: true, strings: WELL_FORMED }, denied('tokenIds'))],
    ['exp', { numbers: 'any' }],
    ['iat', { numbers: 'any' }],
    ['nbf', { isAbsent: true, numbers: 'any' }],
  ];
  const named = new Set(pathsOf(grant, issuer).map(([first]) => first));
  const rules = [...always, ...ifNamed.filter(([claim]) => named.has(claim))];
  return new Map(rules.map(([claim, set]) => [pathKey([claim]), { path: [claim], set }]));
}

function pathsOf(grant: Grant, issuer: TrustedIssuer): readonly ClaimPath[] {
  return [...grant.when.map(({ claim }) => claim), ...issuer.attributes.map(({ claim }) => claim)];
}
