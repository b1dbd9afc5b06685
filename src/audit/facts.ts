/** Turns the results of the pipeline steps into facts of the audit line. */
import type { Config } from '../config/config.ts';
import { formatClaimPath, readClaim } from '../grants/claims.ts';
import { formatTarget } from '../grants/target.ts';
import type {
  AssumedRole,
  Decision,
  GrantedTarget,
  NarrowedGrant,
  SubjectToken,
} from '../ports.ts';
import type { AuditFacts } from './line.ts';

/** An audit line contains at most this many characters of one claim. */
const MAX_LOGGED_CLAIM = 256;
/**
 * And at most this many targets, with this many characters together beyond the first one. No session
 * policy has room for more, so the line of a granted request leaves none out.
 */
const MAX_LOGGED_TARGETS = 100;
const MAX_LOGGED_TARGET_CHARACTERS = 4096;

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

/**
 * The form of an audit line, which lists actions with the permissions. A caller's claims decide how
 * many targets there are, so it lists the first few, and says how many there were if some are left out.
 */
export function factsOfNarrowed({ allowances, durationSeconds }: NarrowedGrant) {
  const targets = listFirst(allowances);
  const isCut = targets.length < allowances.length;
  return { targets, ...(isCut ? { targetCount: allowances.length } : {}), durationSeconds };
}

/** At least one, so that a line always says what was granted. */
function listFirst(allowances: readonly GrantedTarget[]) {
  const first: { readonly target: string; readonly permissions: readonly string[] }[] = [];
  let characters = 0;
  for (const { target, permissions, actions } of allowances.slice(0, MAX_LOGGED_TARGETS)) {
    const text = formatTarget(target);
    characters += text.length;
    if (first.length > 0 && characters > MAX_LOGGED_TARGET_CHARACTERS) break;
    first.push({ target: text, permissions: [...permissions, ...actions] });
  }
  return first;
}

/** As far as the decision got. */
export function factsOfDecision(decision: Decision): AuditFacts {
  const { grant, narrowed } = decision;
  return {
    ...(grant === undefined ? {} : { grant: grant.name, roleArn: grant.role }),
    ...(narrowed === undefined ? {} : factsOfNarrowed(narrowed)),
    ...(decision.outcome === 'refused' ? {} : { sessionPolicySha256: decision.policy.sha256 }),
  };
}

export function factsOfRole(assumedRole: AssumedRole): AuditFacts {
  const { accessKeyId, expiration, stsRequestId, isCached } = assumedRole;
  const facts = { accessKeyId, expiration, cacheHit: isCached };
  return stsRequestId === undefined ? facts : { ...facts, stsRequestId };
}
