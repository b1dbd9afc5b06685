/** Leaves out the patterns that lie within another one. */
import { matchesGlob } from '../session-policy/glob.ts';

/**
 * Returns the patterns that no other one contains, sorted, each once. `*` is their only wildcard. A
 * pattern contains another exactly if it matches its text, because only a `*` can match a `*` there.
 */
export function outermostPatterns(patterns: readonly string[]): readonly string[] {
  const distinct = [...new Set(patterns)].sort();
  return distinct.filter(
    (one) => !distinct.some((other) => other !== one && matchesGlob(other, one)),
  );
}
