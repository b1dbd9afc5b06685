/** Warns of grants whose callers could read a shared bucket through symbolic links, if OSS lets them. */
import type { Allowance, Grant } from '../config/config.ts';
import type { Warn } from './config-problems.ts';

/** A few names are enough to find the rest. */
const MAX_NAMED = 3;

/**
 * PutSymlink needs `oss:PutObject` on the link alone, and whether a session policy is applied to the
 * destination is not documented. If not, who reads and writes one prefix reads the whole bucket. A
 * grant in report mode gives nothing, so it neither is warned about nor counts as another.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/putsymlink
 */
export function warnOfSymlinks(grants: readonly Grant[], warn: Warn): void {
  const enforced = grants.filter(({ mode }) => mode !== 'report');
  const grantsIn = indexByBucket(enforced);
  for (const [index, grant] of grants.entries()) {
    if (grant.mode === 'report') continue;
    for (const bucket of new Set(grant.allow.map(({ target }) => target.bucket))) {
      const sharing = grantsIn.get(bucket) ?? [];
      const at = sharing.length > 1 ? linkableAt(grant, bucket) : undefined;
      if (at === undefined) continue;
      // as many as are named, and one for the grant itself
      const others = sharing.slice(0, MAX_NAMED + 2).filter((other) => other !== grant);
      warn(
        ['grants', index, 'allow', at],
        `gives read and write in the bucket ${bucket}, where other grants have targets too (${listed(others)}); OSS does not document whether a session policy holds at the destination of a symbolic link, so settle it with npm run probe:symlinks, or use a bucket for this grant alone`,
        'symlink-reach',
      );
    }
  }
}

function listed(grants: readonly Grant[]): string {
  const names = grants.slice(0, MAX_NAMED).map(({ name }) => name);
  return [...names, ...(grants.length > MAX_NAMED ? ['…'] : [])].join(', ');
}

function indexByBucket(grants: readonly Grant[]): ReadonlyMap<string, readonly Grant[]> {
  const index = new Map<string, Grant[]>();
  for (const grant of grants) {
    for (const bucket of new Set(grant.allow.map(({ target }) => target.bucket))) {
      const sharing = index.get(bucket);
      if (sharing === undefined) index.set(bucket, [grant]);
      else sharing.push(grant);
    }
  }
  return index;
}

/** Where the grant lets a caller make a link and read it; undefined if it does not, or if a link gains nothing. */
function linkableAt({ allow }: Grant, bucket: string): number | undefined {
  const here = allow.filter(({ target }) => target.bucket === bucket);
  const readable = here.filter((allowance) => has(allowance, 'read', 'oss:GetObject'));
  if (readable.some(({ target }) => target.key.length === 0)) return undefined;
  const found = here.find(
    (allowance) =>
      has(allowance, 'write', 'oss:PutObject') &&
      readable.some((other) => canOverlap(allowance, other)),
  );
  return found === undefined ? undefined : allow.indexOf(found);
}

function has({ permissions, actions }: Allowance, permission: 'read' | 'write', action: string) {
  return permissions.includes(permission) || actions.includes(action);
}

/** Whether one target could hold the other, whatever values their attributes take. */
function canOverlap(one: Allowance, other: Allowance): boolean {
  const [first, second] = [literalStart(one), literalStart(other)];
  return first.startsWith(second) || second.startsWith(first);
}

function literalStart({ target }: Allowance): string {
  const [first] = target.key;
  return typeof first === 'string' ? first : '';
}
