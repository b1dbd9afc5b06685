/** Answers of STS used again: one AssumeRole in flight for each key, and none while a good answer is at hand. */
import { createBoundedMap } from '../lib/bounded-map.ts';
import { lengthPrefixed } from '../lib/length-prefixed.ts';
import type { AssumedRole, AssumeRole, AssumeRoleRequest } from '../ports.ts';

/** An answer is used again for as long as it has this share of the wanted duration left. */
const MIN_LEFT_SHARE = 0.5;

/**
 * Wraps an AssumeRole. The key holds every input but the duration; an earlier answer is used only
 * if it lives no longer than what is asked for now, and long enough to be worth having.
 */
export function createAssumedRoleCache(options: {
  readonly assumeRole: AssumeRole;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How many answers are kept; the oldest goes first. */
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
    // the flight's key holds the duration too: whoever waits asked for exactly the same
    const flightKey = `${key}:${request.durationSeconds}`;
    const flight = flights.get(flightKey);
    if (flight !== undefined) return { ...(await flight), isCached: true };
    return fly(key, flightKey, request);
  };
}

function keyOf({ roleArn, roleSessionName, policy, externalId }: AssumeRoleRequest): string {
  return lengthPrefixed([roleArn, roleSessionName, policy, externalId ?? '']);
}
