/** Which claims a ticket holds: those that can decide, and those that the audit log shows. */
import type { Config } from '../../config/config.ts';
import type { Claims } from '../../ports.ts';

/** RFC 7519 section 4.1. */
const REGISTERED = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'];

/** The top-level claims that the attributes of the issuer and the conditions of its grants read. */
export function findDecidingClaims(config: Config, issuerName: string): ReadonlySet<string> {
  const issuer = config.issuers.find(({ name }) => name === issuerName);
  const grants = config.grants.filter((grant) => grant.issuer === issuerName);
  const paths = [
    ...(issuer?.attributes ?? []).map(({ claim }) => claim),
    ...grants.flatMap(({ when }) => when.map(({ claim }) => claim)),
  ];
  return new Set([...REGISTERED, ...paths.map(([first]) => first)]);
}

/**
 * The claims that a ticket holds. The rest stays out of it: a URL has little room, and what is not
 * there cannot leak.
 */
export function keepNeededClaims(claims: Claims, config: Config, issuerName: string): Claims {
  const deciding = findDecidingClaims(config, issuerName);
  const shown = new Set<string>(config.audit.claims.map(([first]) => first));
  return Object.fromEntries(
    Object.entries(claims).filter(([name]) => deciding.has(name) || shown.has(name)),
  );
}
