/** The permission policy of a role: everything that the session policies of its grants can ever allow. */
import type { Grant } from '../config/config.ts';
import type { GrantedTarget } from '../ports.ts';
import type { ListStatement } from '../session-policy/list-statements.ts';
import { OBJECT_ACTIONS } from '../session-policy/object-actions.ts';
import { type ObjectStatement, objectResource } from '../session-policy/object-statements.ts';
import type { RamPolicy } from '../session-policy/ram-policy.ts';
import { collectObjectAllowances, toPolicy } from '../session-policy/session-policy.ts';
import { outermostPatterns } from './outermost-patterns.ts';

/**
 * Returns the closure of the grants: each attribute is `*`. A restriction is there if every grant has
 * it, and the addresses of `sourceIp: caller` are known to nobody. No action stands in two statements
 * that allow objects, and no resource lies within another one, so the policy has nothing to spare.
 */
export function permissionPolicy(grants: readonly Grant[]): RamPolicy {
  const allowances = grants.flatMap(fillWithWildcards);
  const https = grants.every(({ restrict }) => restrict.https);
  const publicAcl = grants.every((grant) => grant.publicAcl === 'deny') ? 'deny' : 'allow';
  const sourceIps = commonSourceIps(grants);
  return toPolicy(
    { https, publicAcl, ...(sourceIps === undefined ? {} : { sourceIps }) },
    objectStatements(collectObjectAllowances({ allowances, https, publicAcl })),
    listStatements(allowances),
  );
}

/** RAM has no other wildcard for a value of unknown length. `*` matches `/` too. */
function fillWithWildcards({ allow }: Grant): readonly GrantedTarget[] {
  return allow.map(({ target: { bucket, key }, permissions, actions }) => ({
    target: {
      bucket,
      key: key
        .map((part) => (typeof part === 'string' ? part : '*'))
        .join('')
        .replace(/\*{2,}/g, '*'),
    },
    permissions,
    actions,
  }));
}

function commonSourceIps(grants: readonly Grant[]): readonly string[] | undefined {
  const lists = grants.map(({ restrict }) => restrict.sourceIp);
  const known = lists.flatMap((list) => (list === undefined || list === 'caller' ? [] : [list]));
  return known.length === lists.length ? known.flat() : undefined;
}

function objectStatements(
  allowances: ReturnType<typeof collectObjectAllowances>,
): readonly ObjectStatement[] {
  const byResources = new Map<string, ObjectStatement>();
  for (const action of OBJECT_ACTIONS) {
    const resources = outermostPatterns(
      allowances
        .filter(({ actions }) => actions.includes(action))
        .map(({ target }) => objectResource(target)),
    );
    if (resources.length === 0) continue;
    const key = JSON.stringify(resources);
    const { actions = [] } = byResources.get(key) ?? {};
    byResources.set(key, { actions: [...actions, action], resources });
  }
  return [...byResources.values()];
}

function listStatements(allowances: readonly GrantedTarget[]): readonly ListStatement[] {
  const targets = allowances
    .filter(({ permissions }) => permissions.includes('list'))
    .map(({ target }) => target);
  const byPrefixes = new Map<string, ListStatement>();
  for (const bucket of [...new Set(targets.map((target) => target.bucket))].sort()) {
    const keys = targets.filter((target) => target.bucket === bucket).map(({ key }) => `${key}*`);
    const prefixes = outermostPatterns(keys)
      .map((pattern) => pattern.slice(0, -1))
      .filter((prefix) => prefix !== '');
    const key = JSON.stringify(prefixes);
    const { buckets = [] } = byPrefixes.get(key) ?? {};
    byPrefixes.set(key, { buckets: [...buckets, bucket], prefixes });
  }
  return [...byPrefixes.values()];
}
