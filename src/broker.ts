/** Puts the broker together from its config and the things it may not take for itself: clock, network, randomness. */

import { createReadOrigin } from './api/origin.ts';
import { createApp } from './app.ts';
import type { RecordAudit } from './audit-log.ts';
import type { Config } from './config/config.ts';
import { createAssumeRole } from './sts/assume-role.ts';
import { createCredentialCache } from './sts/credential-cache.ts';
import type { GetSourceCredentials } from './sts/source-credentials.ts';
import { createVerifySubjectToken } from './subject-token/verify-subject-token.ts';

/** One credential is about 2 KiB, so the cache stays below 32 MiB. */
const MAX_CACHED_CREDENTIALS = 10_000;

export interface BrokerOptions {
  readonly config: Config;
  readonly getSourceCredentials: GetSourceCredentials;
  readonly recordAudit: RecordAudit;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Used for the keys of issuers only. */
  readonly fetch: typeof fetch;
  readonly randomUuid: () => string;
  readonly isOnFunctionCompute: boolean;
}

/** Makes the application for one config. Asks nobody anything before the first request. */
export function createBroker(options: BrokerOptions) {
  const { config, getSourceCredentials, recordAudit, now, fetch, randomUuid } = options;
  const { region, sts, issuers, callerAddress } = config;
  const assumeRole = createAssumeRole({ region, sts, getSourceCredentials, now });
  return createApp({
    config,
    now,
    recordAudit,
    verifySubjectToken: createVerifySubjectToken({ issuers, now, fetch }),
    assumeRole: createCredentialCache({ assumeRole, now, maxEntries: MAX_CACHED_CREDENTIALS }),
    readOrigin: createReadOrigin({
      isOnFunctionCompute: options.isOnFunctionCompute,
      callerAddress,
      randomUuid,
    }),
    isReady: () =>
      getSourceCredentials().then(
        () => true,
        () => false,
      ),
  });
}
