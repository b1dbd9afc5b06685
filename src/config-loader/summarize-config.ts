/** Summarizes a config in one sentence, so that the operator sees whether it says what was meant. */
import type { Config } from '../config/config.ts';
import { MAX_SESSION_POLICY_BYTES } from '../session-policy/session-policy.ts';
import { worstCasePolicyBytes } from '../session-policy/worst-case.ts';

/** Counts the parts, and names the grant with the largest session policy that any caller can get. */
export function summarizeConfig({ buckets, issuers, grants }: Config): string {
  const targets = new Set(grants.flatMap(({ allow }) => allow.map(({ target }) => target.text)));
  const sizes = grants.flatMap((grant) => {
    const issuer = issuers.find(({ name }) => name === grant.issuer);
    return issuer === undefined
      ? []
      : [{ name: grant.name, bytes: worstCasePolicyBytes(grant, issuer) }];
  });
  const largest = sizes.reduce((a, b) => (b.bytes > a.bytes ? b : a), { name: '', bytes: 0 });
  const counts = [
    count(buckets.length, 'bucket'),
    count(issuers.length, 'issuer'),
    count(grants.length, 'grant'),
    count(targets.size, 'target'),
  ].join(', ');
  return `${counts}; the largest session policy has ${largest.bytes} of ${MAX_SESSION_POLICY_BYTES} bytes (grant ${largest.name})`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
