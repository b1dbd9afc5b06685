/** The simulated STS: uses the wire format of the real STS, and refuses what that refuses. */
import { randomBytes as nodeRandomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Identity, SimulatedCloud } from '../cloud.ts';
import { createFaults, errorCodeOf, type Fault, type FaultControl } from '../faults.ts';
import { type StsAnswer, sendAnswer, sendBrokenAnswer } from './answer.ts';
import { assumeRole } from './assume-role.ts';
import { assumeRoleWithOidc } from './assume-role-with-oidc.ts';
import { checkTimestamp, createAuthenticator } from './authentication.ts';
import { StsError, stsError } from './error.ts';
import { createRateLimit } from './rate-limit.ts';
import {
  actionOf,
  actionParametersOf,
  parameterOf,
  readStsRequest,
  type SignatureScheme,
  type StsRequest,
  schemeOf,
  versionOf,
} from './request.ts';
import { entityId } from './session.ts';

/** One request that reached the simulated STS, successful or not. */
export interface StsCall {
  readonly action: string;
  readonly scheme: SignatureScheme;
  /** As sent, unverified; absent for anonymous calls. */
  readonly accessKeyId?: string;
  /** The parameters of the action, without those of the signature. */
  readonly params: Readonly<Record<string, string>>;
}

export interface SimulatedSts {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Oldest first; at most the last `callCapacity`. */
  readonly calls: readonly StsCall[];
  readonly faults: FaultControl;
}

export interface SimulatedStsOptions {
  readonly cloud: SimulatedCloud;
  readonly randomBytes?: (size: number) => Uint8Array;
  readonly sleep?: (delayMs: number) => Promise<unknown>;
  /** The limit per action and account. Absent: no limit. */
  readonly requestsPerSecond?: number;
  /** How many nonces are remembered to detect replays; 100,000 by default. */
  readonly nonceCapacity?: number;
  /** How many calls are kept; 10,000 by default. */
  readonly callCapacity?: number;
}

/** `handle` is a listener for node:http; it rejects only for a broken connection or a bug. */
export function createSimulatedSts(options: SimulatedStsOptions): SimulatedSts {
  const { cloud, randomBytes = nodeRandomBytes, sleep = sleepFor } = options;
  const { requestsPerSecond, nonceCapacity = 100_000, callCapacity = 10_000 } = options;
  const calls: StsCall[] = [];
  const { take: takeFault, ...faults } = createFaults();
  const authenticate = createAuthenticator({ cloud, nonceCapacity });
  const checkRateLimit = createRateLimit({ cloud, requestsPerSecond });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = takeFault();
    const requestId = formatRequestId(randomBytes(16));
    let answer: StsAnswer;
    try {
      const received = await readStsRequest(request);
      record(received);
      if (sendBrokenAnswer(response, fault)) return;
      const code = errorCodeOf(fault);
      if (code !== undefined) throw stsError(code);
      const body = await perform(received, fault);
      answer = { status: 200, requestId, body: { RequestId: requestId, ...body } };
    } catch (error) {
      if (!(error instanceof StsError)) throw error;
      answer = renderError({ error, requestId, host: request.headers.host ?? '' });
    }
    await sendAnswer({ response, answer, fault, sleep });
  }

  function record(received: StsRequest): void {
    calls.push(describeCall(received));
    if (calls.length > callCapacity) calls.shift();
  }

  async function perform(received: StsRequest, fault: Fault | undefined): Promise<object> {
    if (received.path !== '/') throw stsError('InvalidAction.NotFound');
    if (versionOf(received) !== '2015-04-01') throw stsError('InvalidVersion');
    const action = actionOf(received);
    const parameters = actionParametersOf(received);
    switch (action) {
      case 'AssumeRole': {
        const caller = authenticate(received);
        checkRateLimit(action, caller.arn, fault);
        return assumeRole({ cloud, randomBytes, caller, parameters });
      }
      case 'GetCallerIdentity': {
        const caller = authenticate(received);
        checkRateLimit(action, caller.arn, fault);
        return describeCaller(caller);
      }
      case 'AssumeRoleWithOIDC':
        checkTimestamp(parameterOf(received, 'Timestamp'), cloud.now());
        checkRateLimit(action, parameters.get('RoleArn') ?? '', fault);
        return assumeRoleWithOidc({ cloud, randomBytes, parameters });
      default:
        throw stsError('InvalidAction.NotFound');
    }
  }

  return { handle, calls, faults };
}

function describeCall(received: StsRequest): StsCall {
  const accessKeyId =
    parameterOf(received, 'AccessKeyId') ??
    /Credential=([^,\s]+)/.exec(received.headers.get('authorization') ?? '')?.[1];
  return {
    action: actionOf(received),
    scheme: schemeOf(received),
    ...(accessKeyId === undefined ? {} : { accessKeyId }),
    params: Object.fromEntries(actionParametersOf(received)),
  };
}

/** https://www.alibabacloud.com/help/en/ram/api-getcalleridentity */
function describeCaller(caller: Identity): Readonly<Record<string, string>> {
  const [, accountId = '', kind = '', name = '', session = ''] =
    /^acs:ram::(\d+):([a-z-]+)(?:\/([^/]+))?(?:\/(.+))?$/.exec(caller.arn) ?? [];
  const common = { AccountId: accountId, Arn: caller.arn };
  if (kind === 'root') {
    return { ...common, IdentityType: 'Account', UserId: accountId, PrincipalId: accountId };
  }
  if (kind === 'assumed-role') {
    const roleId = entityId(`acs:ram::${accountId}:role/${name}`);
    return {
      ...common,
      IdentityType: 'AssumedRoleUser',
      RoleId: roleId,
      PrincipalId: `${roleId}:${session}`,
    };
  }
  const userId = entityId(caller.arn);
  return { ...common, IdentityType: 'RAMUser', UserId: userId, PrincipalId: userId };
}

function renderError(options: {
  readonly error: StsError;
  readonly requestId: string;
  readonly host: string;
}): StsAnswer {
  const { error, requestId, host } = options;
  const recommend = new URL('https://api.aliyun.com/troubleshoot');
  recommend.search = String(new URLSearchParams({ q: error.code, product: 'Sts', requestId }));
  return {
    status: error.status,
    requestId,
    body: {
      RequestId: requestId,
      HostId: host,
      Code: error.code,
      Message: error.message,
      Recommend: recommend.href,
    },
  };
}

function formatRequestId(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex').toUpperCase();
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
