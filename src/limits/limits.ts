/** Applies the limits of the config: kill switches, rate limits, one-time tokens. */
import type { Config } from '../config/config.ts';
import type { RateSettings } from '../config/limit-settings.ts';
import type {
  LimitedRequest,
  Limits,
  RateLimitScope,
  RateLimitState,
  SubjectToken,
} from '../ports.ts';
import { isTokenRefusal, type RefusalError, refuse } from '../refusal.ts';
import type { Counter, Store } from '../store/store.ts';
import { callerNetwork } from './caller-network.ts';
import { createKillSwitches } from './kill-switches.ts';
import { limitKey } from './limit-key.ts';
import { createOneTimeTokens } from './one-time-tokens.ts';
import { toRateLimitState } from './rate-limit-state.ts';

interface RateLimit {
  readonly scope: RateLimitScope;
  readonly settings: RateSettings;
  readonly counter: Counter;
  readonly keyOf: (request: LimitedRequest) => readonly string[];
}

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
  const checkKillSwitches = createKillSwitches(config);
  const useOnce = createOneTimeTokens({ reservations: store.reservations, now, randomUuid });
  const rateLimits = createRateLimits(config, store);
  const usesStore = rateLimits.length > 0 || config.issuers.some(isOneTime);

  return {
    guardVerification: createVerificationGuard(config.limits?.refusedTokens, store),
    async admit(request) {
      const { token, grant } = request;
      checkKillSwitches(token, grant);
      const states: RateLimitState[] = [];
      // in sequence, narrowest first: a caller over its own limit must not use up a shared one
      for (const { scope, settings, counter, keyOf } of rateLimits) {
        const usage = await counter.add(limitKey([scope, ...keyOf(request)]));
        const state = toRateLimitState(scope, settings, usage);
        if (usage.used > settings.requests) throw refuseForRate(state);
        // the state of the issuer limit would reveal the traffic of other callers
        if (scope !== 'issuer') states.push(state);
      }
      // last, so that a request over a limit does not use up the token
      const use = isOneTime(token.issuer) ? await useOnce(token) : undefined;
      return { rateLimits: states, withdraw: async () => use?.undo() };
    },
    checkKillSwitches,
    async warm() {
      if (usesStore) await store.warm();
    },
  };
}

function isOneTime({ oneTimeTokens }: SubjectToken['issuer']): boolean {
  return oneTimeTokens === true;
}

function createRateLimits({ limits }: Pick<Config, 'limits'>, store: Store): readonly RateLimit[] {
  const createRateLimit = (
    scope: RateLimitScope,
    settings: RateSettings | undefined,
    keyOf: RateLimit['keyOf'],
  ): readonly RateLimit[] => {
    if (settings === undefined) return [];
    const { windowSeconds } = settings;
    const counter = store.counter({ name: scope, windowSeconds });
    return [{ scope, settings, counter, keyOf }];
  };
  return [
    ...createRateLimit('subject', limits?.subject, ({ token }) => [
      token.issuer.issuer,
      token.subject,
    ]),
    ...createRateLimit('address', limits?.address, ({ callerAddress }) => [
      networkOf(callerAddress),
    ]),
    ...createRateLimit('issuer', limits?.issuer, ({ token }) => [token.issuer.issuer]),
  ];
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

function refuseForRate({
  scope,
  limit,
  windowSeconds,
  resetSeconds,
}: RateLimitState): RefusalError {
  const retryAfterSeconds = resetSeconds;
  return refuse({ reason: 'rate_limited', scope, limit, windowSeconds, retryAfterSeconds });
}
