/** Caches answers of STS, and lets equal requests share one AssumeRole call. */
import { createBoundedMap } from '../lib/bounded-map.ts';
import { lengthPrefixed } from '../lib/length-prefixed.ts';
import type { AssumedRole, AssumeRole, AssumeRoleRequest } from '../ports.ts';

/** A cached answer is used while it has at least this share of the wanted duration left. */
const MIN_LEFT_SHARE = 0.5;

/**
 * Adds a cache to an AssumeRole. The key contains every input except the duration. A cached answer is
 * used only if it has at most the wanted duration left, and at least MIN_LEFT_SHARE of it.
 */
export function createAssumedRoleCache(options: {
  readonly assumeRole: AssumeRole;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How many answers are kept. The oldest is dropped first. */
  readonly maxEntries: number;
}): AssumeRole {
  const { assumeRole, now, maxEntries } = options;
  const answers = createBoundedMap<AssumedRole>(maxEntries);
  const flights = new Map<string, Promise<AssumedRole>>();

  function isUsable(answer: AssumedRole, durationSeconds: number): boolean {
    const leftMs = answer.expiresAtMs - now();
    const wantedMs = durationSeconds * 1000;
    return leftMs <= wantedMs && leftMs >= wantedMs * MIN_LEFT_SHARE;
  }

  async function fly(key: string, flightKey: string, request: AssumeRoleRequest) {
    const flight = assumeRole(request);
    flights.set(flightKey, flight);
    try {
      const answer = await flight;
      answers.set(key, answer);
      return answer;
    } finally {
      flights.delete(flightKey);
    }
  }

  return async function assumeRoleThroughCache(request) {
    const key = keyOf(request);
    const cached = answers.get(key);
    if (cached !== undefined && isUsable(cached, request.durationSeconds)) {
      return { ...cached, isCached: true };
    }
    // flightKey includes the duration: callers that share a flight asked for exactly the same
    const flightKey = `${key}:${request.durationSeconds}`;
    const flight = flights.get(flightKey);
    if (flight !== undefined) return { ...(await flight), isCached: true };
    return fly(key, flightKey, request);
  };
}

function keyOf({ roleArn, roleSessionName, policy, externalId }: AssumeRoleRequest): string {
  return lengthPrefixed([roleArn, roleSessionName, policy, externalId ?? '']);
}
