/** Puts the broker together from its config and the things it may not take for itself: clock, network, randomness. */
import { createReadOrigin } from './api/http/origin.ts';
import { createApp } from './app.ts';
import type { RecordAudit } from './audit/trail.ts';
import type { Config } from './config/config.ts';
import { createLimits } from './limits/limits.ts';
import { createSessionPolicyMemo } from './session-policy/session-policy-memo.ts';
import { createPlatformFallback } from './source-credentials/function.ts';
import type { SourceCredentialsProvider } from './source-credentials/source-credentials.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { Store } from './store/store.ts';
import { createAssumeRole } from './sts/assume-role.ts';
import { createCredentialCache } from './sts/assumed-role-cache.ts';
import { createStsCircuit } from './sts/circuit.ts';
import type { FetchIssuer } from './subject-token/keys/issuer-fetch.ts';
import type { KeepIssuerKeys } from './subject-token/keys/kept-issuer-keys.ts';
import { createVerifySubjectToken } from './subject-token/verify-subject-token.ts';

/** One credential is about 2 KiB, so the cache stays below 32 MiB. */
const MAX_CACHED_CREDENTIALS = 10_000;
/** One policy is at most 2 KiB as text, and about as much as a key and as objects. */
const MAX_RENDERED_POLICIES = 2000;

export interface BrokerOptions {
  readonly config: Config;
  readonly sourceCredentials: SourceCredentialsProvider;
  readonly recordAudit: RecordAudit;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Used for the keys of issuers only. */
  readonly fetchIssuer: FetchIssuer;
  readonly randomUuid: () => string;
  /** From 0 to 1: spreads attempts, and decides nothing. */
  readonly random: () => number;
  readonly isOnFunctionCompute: boolean;
  /** Where limits are counted. Absent: in memory, and anew with each broker. */
  readonly store?: Store;
  /** Hands the keys of issuers on to the next broker. Absent: each loads its own. */
  readonly keepIssuerKeys?: KeepIssuerKeys;
}

/** Makes the application for one config. Asks nobody anything before the first request. */
export function createBroker(options: BrokerOptions) {
  const { config, sourceCredentials, recordAudit, now, fetchIssuer, randomUuid, random } = options;
  const { region, sts, issuers, callerAddress } = config;
  const callSts = createAssumeRole({ region, sts, sourceCredentials, now });
  const { timeoutMs } = sts;
  const assumeRoleOnce = createStsCircuit({ assumeRole: callSts, timeoutMs, now, random });
  const assumeRole = createCredentialCache({
    assumeRole: assumeRoleOnce,
    now,
    maxEntries: MAX_CACHED_CREDENTIALS,
  });
  const verifySubjectToken = createVerifySubjectToken({
    issuers,
    now,
    random,
    fetchIssuer,
    ...(options.keepIssuerKeys === undefined ? {} : { keepKeys: options.keepIssuerKeys }),
  });
  const { store = createMemoryStore({ now }) } = options;
  const limits = createLimits({ config, store, now, randomUuid });
  const warmUp = async () => {
    await Promise.all([verifySubjectToken.warm(), callSts.warm(), limits.warm()]);
  };
  return createApp({
    config,
    now,
    recordAudit,
    verifySubjectToken,
    limits,
    ...(options.isOnFunctionCompute ? { lifecycleHooks: { warmUp } } : {}),
    renderSessionPolicy: createSessionPolicyMemo(MAX_RENDERED_POLICIES),
    assumeRole: createPlatformFallback({ assumeRole, assumeRoleOnce }),
    readOrigin: createReadOrigin({
      isOnFunctionCompute: options.isOnFunctionCompute,
      usesFunctionRole: (config.sourceCredentials?.type ?? 'function') === 'function',
      callerAddress,
      randomUuid,
    }),
    isReady: () =>
      sourceCredentials.get().then(
        () => true,
        () => false,
      ),
  });
}
