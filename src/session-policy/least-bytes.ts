/** How long a session policy is at least, found without rendering it. */
import { isPrefix } from '../grants/target.ts';
import type { SessionPolicyInput, Target } from '../ports.ts';
import { objectResource, outermostObjects } from './object-statements.ts';
import {
  collectListings,
  collectObjectAllowances,
  MAX_SESSION_POLICY_BYTES,
} from './session-policy.ts';

/**
 * A length in bytes that no rendering of the input falls below: the sum of resources and prefixes
 * that must stand in the policy. It stops counting once they cannot fit. A caller's claims decide
 * how many targets there are, so this must cost little.
 */
export function leastSessionPolicyBytes(input: SessionPolicyInput): number {
  const allowances = collectObjectAllowances(input);
  const shallow = sumOfResources(chooseShallowest(allowances.map(({ target }) => target)));
  if (shallow > MAX_SESSION_POLICY_BYTES) return shallow;
  const resources = sumOfResources(outermostObjects(allowances).map(({ target }) => target));
  if (resources > MAX_SESSION_POLICY_BYTES) return resources;
  return resources + sumOfPrefixes(collectListings(input).flatMap(({ prefixes }) => prefixes));
}

/** Those with the fewest segments, which lie within no other one: found without sorting. */
function chooseShallowest(targets: readonly Target[]): readonly Target[] {
  const depths = targets.map(countSegments);
  const least = depths.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
  return targets.filter((_target, index) => depths[index] === least);
}

function countSegments(target: Target): number {
  let segments = isPrefix(target) ? 0 : 1;
  for (let at = target.key.indexOf('/'); at !== -1; at = target.key.indexOf('/', at + 1)) {
    segments += 1;
  }
  return segments;
}

function sumOfResources(targets: readonly Target[]): number {
  return sum(new Set(targets.map(objectResource)), quotedBytes);
}

function sumOfPrefixes(prefixes: readonly string[]): number {
  return sum(new Set(prefixes), (prefix) => quotedBytes(prefix) + quotedBytes(`${prefix}*`));
}

function sum(texts: ReadonlySet<string>, bytesOf: (text: string) => number): number {
  let bytes = 0;
  for (const text of texts) bytes += bytesOf(text);
  return bytes;
}

/** As JSON without escapes, which could only be longer. */
function quotedBytes(text: string): number {
  return Buffer.byteLength(text) + 2;
}
