/** Builds the broker from its config, with clock, network and randomness passed in. */
import { createReadOrigin } from './api/http/origin.ts';
import { createApp } from './app.ts';
import type { RecordAudit } from './audit/line.ts';
import type { Config } from './config/config.ts';
import { createDecide } from './decide.ts';
import { createAssumeRoleLimit } from './limits/assume-role-limit.ts';
import { createLimits } from './limits/limits.ts';
import type { Observe } from './observe/event.ts';
import type { ReadHeader, SourceCredentialsProvider } from './ports.ts';
import { isAboutSourceCredentials } from './refusal.ts';
import { rememberDecisions } from './remember-decisions.ts';
import { createReportGrants } from './report-mode.ts';
import { createSessionPolicyMemo } from './session-policy/session-policy-memo.ts';
import {
  createPlatformFallback,
  readPlatformCredentials,
} from './source-credentials/platform-headers.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { Store } from './store/store.ts';
import { createAssumeRole } from './sts/assume-role.ts';
import { createAssumedRoleCache } from './sts/assumed-role-cache.ts';
import { createStsCircuit } from './sts/circuit.ts';
import { createFairShare } from './sts/fair-share.ts';
import type { FetchIssuer } from './subject-token/keys/issuer-fetch.ts';
import type { KeepIssuerKeys } from './subject-token/keys/kept-issuer-keys.ts';
import { createVerifySubjectToken } from './subject-token/verify-subject-token.ts';
import type { TicketKey } from './tickets/ticket-keys.ts';
import { createTicketSealOnUse } from './tickets/ticket-seal-on-use.ts';

/** One credential is about 2 KiB, so the cache stays below 32 MiB. */
const MAX_CACHED_CREDENTIALS = 10_000;
/** One policy takes at most 2 KiB as text, and about as much again as key and as objects. */
const MAX_RENDERED_POLICIES = 2000;

export interface BrokerOptions {
  readonly config: Config;
  readonly sourceCredentials: SourceCredentialsProvider;
  readonly recordAudit: RecordAudit;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Fetches issuer keys and nothing else. */
  readonly fetchIssuer: FetchIssuer;
  readonly randomUuid: () => string;
  /** From 0 to 1. Spreads attempts over time; no decision depends on it. */
  readonly random: () => number;
  readonly isOnFunctionCompute: boolean;
  /** True if the function's role signs. The platform may then send its credentials in headers. */
  readonly usesFunctionRole: boolean;
  /** Receives every event that is not a decision about one request. */
  readonly observe: Observe;
  /** Where limits are counted. Absent: in memory, from zero for each broker. */
  readonly store?: Store;
  /** Passes issuer keys on to the next broker. Absent: each broker loads its own. */
  readonly keepIssuerKeys?: KeepIssuerKeys;
  /** What the config's names of ticket keys stand for. Absent: the config has no credential URLs. */
  readonly ticketKeys?: readonly TicketKey[];
}

export interface Broker {
  readonly fetch: (request: Request, env: object) => Response | Promise<Response>;
  /** Loads what the first request would have to wait for. Never throws. */
  readonly warmUp: () => Promise<void>;
}

/** Makes the application for one config. It sends nothing over the network before the first request or `warmUp`. */
export function createBroker(options: BrokerOptions): Broker {
  const { config, sourceCredentials, recordAudit, now, fetchIssuer, randomUuid, random } = options;
  const { observe, isOnFunctionCompute, keepIssuerKeys } = options;
  const { region, sts, issuers, callerAddress } = config;
  const { store = createMemoryStore({ now }) } = options;
  const readsPlatformHeaders = isOnFunctionCompute && options.usesFunctionRole;

  const callSts = createAssumeRole({ region, sts, sourceCredentials, now, observe });
  const { timeoutMs } = sts;
  const { assumeRoleWith } = callSts;
  const assumeRole = createAssumedRoleCache({
    assumeRole: createAssumeRoleLimit({
      assumeRole: createFairShare({
        assumeRole: createStsCircuit({
          assumeRole: callSts.assumeRole,
          timeoutMs,
          now,
          random,
          observe,
        }),
        maxWaitMs: timeoutMs,
        now,
        random,
        observe,
      }),
      settings: config.limits?.assumeRole,
      store,
    }),
    now,
    maxEntries: MAX_CACHED_CREDENTIALS,
  });
  const verifySubjectToken = createVerifySubjectToken({
    issuers,
    now,
    random,
    fetchIssuer,
    observe,
    ...(keepIssuerKeys === undefined ? {} : { keepKeys: keepIssuerKeys }),
  });
  const limits = createLimits({ config, store, now, randomUuid });
  const settings = config.surfaces?.credentialUrls;
  const { publicUrl } = config;
  const seal = settings === undefined ? undefined : createTicketSealOnUse(options.ticketKeys ?? []);
  const warmUp = async () => {
    const steps = [verifySubjectToken.warm(), callSts.warm(), limits.warm()];
    await Promise.all(seal === undefined ? steps : [...steps, seal.warm()]);
  };

  async function findSourceProblem(header: ReadHeader): Promise<string | undefined> {
    if (readsPlatformHeaders && readPlatformCredentials(header) !== undefined) return undefined;
    try {
      await sourceCredentials.get();
      return undefined;
    } catch (error) {
      return isAboutSourceCredentials(error)
        ? error.refusal.problem
        : 'the source of the source credentials has a defect';
    }
  }

  const render = createSessionPolicyMemo(MAX_RENDERED_POLICIES);
  const enforced = config.grants.filter(({ mode }) => mode !== 'report');
  const app = createApp({
    config,
    now,
    recordAudit,
    verifySubjectToken,
    limits,
    ...(isOnFunctionCompute ? { lifecycleHooks: { warmUp } } : {}),
    decide: rememberDecisions(createDecide(enforced, render)),
    reportGrants: createReportGrants(config.grants, render, limits.checkKillSwitches),
    assumeRoleFor: readsPlatformHeaders
      ? createPlatformFallback({ assumeRole, assumeRoleWith })
      : () => assumeRole,
    readOrigin: createReadOrigin({ isOnFunctionCompute, callerAddress, randomUuid }),
    findSourceProblem,
    ...(settings === undefined || publicUrl === undefined || seal === undefined
      ? {}
      : {
          credentialUrls: {
            settings,
            publicUrl,
            seal,
            keeper: verifySubjectToken.keeper,
            randomUuid,
          },
        }),
  });
  return { fetch: app.fetch, warmUp };
}
