/** Turns the results of the pipeline steps into facts of the audit line. */
import type { Config } from '../config/config.ts';
import { formatClaimPath, readClaim } from '../grants/claims.ts';
import { formatTarget } from '../grants/target.ts';
import type { AssumedRole, NarrowedGrant, SubjectToken } from '../ports.ts';
import type { AuditFacts } from './line.ts';

/** An audit line contains at most this many characters of one claim. */
const MAX_LOGGED_CLAIM = 256;

export function factsOfToken(token: SubjectToken, config: Config): AuditFacts {
  const claims = config.audit.claims.flatMap((path) => {
    const value = readClaim(token.claims, path);
    return value === undefined
      ? []
      : [{ key: formatClaimPath(path), value: JSON.stringify(value).slice(0, MAX_LOGGED_CLAIM) }];
  });
  return {
    issuerName: token.issuer.name,
    subject: token.subject,
    ...(token.tokenId === undefined ? {} : { tokenId: token.tokenId }),
    ...(token.keyAgeSeconds === undefined ? {} : { keyAgeSeconds: token.keyAgeSeconds }),
    ...(claims.length === 0 ? {} : { claims }),
  };
}

/** The form of an audit line, which lists actions with the permissions. */
export function factsOfNarrowed({ allowances, durationSeconds }: NarrowedGrant) {
  const targets = allowances.map(({ target, permissions, actions }) => ({
    target: formatTarget(target),
    permissions: [...permissions, ...actions],
  }));
  return { targets, durationSeconds };
}

export function factsOfRole(assumedRole: AssumedRole): AuditFacts {
  const { accessKeyId, expiration, stsRequestId, isCached } = assumedRole;
  const facts = { accessKeyId, expiration, cacheHit: isCached };
  return stsRequestId === undefined ? facts : { ...facts, stsRequestId };
}
