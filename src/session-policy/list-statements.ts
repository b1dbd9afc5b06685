/** Groups the prefixes that may be listed into as few statements as possible. */
import type { Target } from '../ports.ts';
import { dropContained } from './drop-contained.ts';

/** A statement to render: each prefix may be listed in each bucket. */
export interface ListStatement {
  readonly buckets: readonly string[];
  /** Empty: the whole bucket may be listed. */
  readonly prefixes: readonly string[];
}

/**
 * Collects the prefixes of each bucket, without those inside another prefix. Buckets share a
 * statement only if their prefixes are equal. Otherwise the prefixes of one bucket could be listed
 * in the other.
 */
export function groupListings(targets: readonly Target[]): readonly ListStatement[] {
  const statements = new Map<string, ListStatement>();
  for (const bucket of [...new Set(targets.map((target) => target.bucket))].sort()) {
    const prefixes = findPrefixes(targets.filter((target) => target.bucket === bucket));
    const key = JSON.stringify(prefixes);
    const { buckets } = statements.get(key) ?? { buckets: [] };
    statements.set(key, { buckets: [...buckets, bucket], prefixes });
  }
  return [...statements.values()];
}

/** The outermost prefixes of one bucket. Empty if the whole bucket is among the targets. */
function findPrefixes(targets: readonly Target[]): readonly string[] {
  const outermost = dropContained(targets.map((target) => ({ target, actions: [] })));
  const prefixes = outermost.map(({ target }) => target.key).sort();
  return prefixes.includes('') ? [] : prefixes;
}
