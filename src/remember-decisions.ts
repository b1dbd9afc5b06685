/** Remembers what was granted to a verified subject token, as long as only the clock could change it. */
import { wantedSeconds } from './grants/narrow-duration.ts';
import type { Claims, Decide, Decision } from './ports.ts';

type Granted = Extract<Decision, { readonly outcome: 'granted' }>;
type AskedOf = Parameters<Decide>[1];

/** A client asks for one or two things. More of one token are decided again. */
const MAX_DECISIONS_PER_TOKEN = 4;
/** A decision with more targets is rare, and larger than the credential that it leads to. */
const MAX_TARGETS = 50;

/**
 * Adds a memory to a decision. Its key is the claims of one verified token, as an object and not by
 * value, and everything that was asked: so it ends with the token that verification remembers. Only
 * what was granted is kept, and only where the token's remaining life did not shorten it.
 */
export function rememberDecisions(decide: Decide): Decide {
  const remembered = new WeakMap<Claims, Map<string, Granted>>();

  return function decideFromMemory(token, asked) {
    const key = toKey(asked);
    const known = remembered.get(token.claims)?.get(key);
    if (known !== undefined && known.narrowed.durationSeconds <= asked.tokenLeftSeconds) {
      return known;
    }
    const decision = decide(token, asked);
    if (decision.outcome === 'granted' && isLasting(decision, asked)) {
      const decisions = remembered.get(token.claims) ?? new Map<string, Granted>();
      remembered.set(token.claims, decisions);
      if (decisions.size < MAX_DECISIONS_PER_TOKEN) decisions.set(key, decision);
    }
    return decision;
  };
}

/** Everything that was asked except how long the token lives, which is compared each time. */
function toKey(asked: AskedOf): string {
  const { grant, roleArn, target, permissions, callerAddress } = asked;
  const { durationSeconds, usualDurationSeconds, policy } = asked;
  return JSON.stringify([
    grant ?? null,
    roleArn ?? null,
    target ?? null,
    permissions ?? null,
    durationSeconds ?? null,
    usualDurationSeconds ?? null,
    policy ?? null,
    callerAddress ?? null,
  ]);
}

function isLasting({ grant, narrowed }: Granted, asked: AskedOf): boolean {
  return (
    wantedSeconds(grant.duration, asked) <= asked.tokenLeftSeconds &&
    narrowed.allowances.length <= MAX_TARGETS
  );
}
