/** Applies the limits of the config: kill switches, rate limits, one-time tokens. */
import type { Config } from '../config/config.ts';
import type { RateSettings } from '../config/limit-settings.ts';
import type { Limits, SubjectToken } from '../ports.ts';
import { isTokenRefusal } from '../refusal.ts';
import type { Store } from '../store/store.ts';
import { callerNetwork } from './caller-network.ts';
import { createKillSwitches } from './kill-switches.ts';
import { limitKey } from './limit-key.ts';
import { createOneTimeTokens } from './one-time-tokens.ts';
import { countRequest, createRateLimit, refuseForRate } from './rate-limit.ts';
import { toRateLimitState } from './rate-limit-state.ts';
import { createTicketUses } from './ticket-uses.ts';

/** Callers without a known address share one key, so that hiding the address escapes no limit. */
const UNKNOWN_ADDRESS = 'unknown';

/** Makes the limits of one config. They count in the store; nothing is opened here. */
export function createLimits(options: {
  readonly config: Pick<Config, 'issuers' | 'grants' | 'limits'>;
  readonly store: Store;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomUuid: () => string;
}): Limits & {
  /** Connects the store before the first request needs it. Never throws. */
  readonly warm: () => Promise<void>;
} {
  const { config, store, now, randomUuid } = options;
  const { refuseDenied, checkGrant } = createKillSwitches(config);
  const useOnce = createOneTimeTokens({ reservations: store.reservations, now, randomUuid });
  const useTicket = createTicketUses({ reservations: store.reservations, now, randomUuid });
  const ofSubject = createRateLimit('subject', config.limits?.subject, store);
  const ofAddress = createRateLimit('address', config.limits?.address, store);
  const ofIssuer = createRateLimit('issuer', config.limits?.issuer, store);

  /** A credential URL counts its own uses: whoever made it has used the token up. */
  async function useUp(token: SubjectToken) {
    if (token.ticket !== undefined) return useTicket(token);
    return token.issuer.oneTimeTokens === true ? useOnce(token) : undefined;
  }

  return {
    guardVerification: createVerificationGuard(config.limits?.refusedTokens, store),
    async admitCaller(token, callerAddress) {
      // before it counts: a denied token must not use up what others at its address may ask for
      refuseDenied(token);
      // in sequence: a caller over its own limit must not use up a shared one
      const subject = await countRequest(ofSubject, [token.issuer.issuer, token.subject]);
      const address = await countRequest(ofAddress, [networkOf(callerAddress)]);
      return [subject, address].filter((state) => state !== undefined);
    },
    async admit(token, grant) {
      checkGrant(token, grant);
      // first: whoever repeats a used token must not use up what its issuer shares
      const use = await useUp(token);
      try {
        // its state would reveal the traffic of other callers
        await countRequest(ofIssuer, [token.issuer.issuer]);
      } catch (error) {
        await use?.undo();
        throw error;
      }
      return { withdraw: async () => use?.undo() };
    },
    checkKillSwitches(token, grant) {
      refuseDenied(token);
      checkGrant(token, grant);
    },
    // every request that misses the cache is counted
    warm: store.warm,
  };
}

/**
 * Counts in memory, so that a flood of invalid tokens costs no store request each. Counts refused
 * tokens only, so that good callers behind the same address are not counted.
 */
function createVerificationGuard(
  settings: RateSettings | undefined,
  store: Store,
): Limits['guardVerification'] {
  if (settings === undefined) return (_callerAddress, verify) => verify();
  const scope = 'refused_tokens';
  const counter = store.localCounter({ name: scope, windowSeconds: settings.windowSeconds });

  return async function guardVerification(callerAddress, verify) {
    const key = limitKey([scope, networkOf(callerAddress)]);
    const usage = await counter.peek(key);
    if (usage !== undefined && usage.used >= settings.requests) {
      throw refuseForRate(toRateLimitState(scope, settings, usage));
    }
    try {
      return await verify();
    } catch (error) {
      if (isTokenRefusal(error)) await counter.add(key);
      throw error;
    }
  };
}

function networkOf(callerAddress: string | undefined): string {
  return callerAddress === undefined ? UNKNOWN_ADDRESS : callerNetwork(callerAddress);
}
