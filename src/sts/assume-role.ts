/** Calls AssumeRole through the Alibaba Cloud SDK, and works around the SDK's pitfalls. */
import type { Config } from '../config/config.ts';
import { isSameKey } from '../lib/is-same-key.ts';
import { withinDeadline } from '../lib/within-deadline.ts';
import type { Observe } from '../observe/event.ts';
import type {
  AssumedRole,
  AssumeRole,
  AssumeRoleRequest,
  SourceCredentials,
  SourceCredentialsProvider,
} from '../ports.ts';
import { isAboutSourceCredentials, RefusalError, refuse } from '../refusal.ts';
import { isConnectionClosed, isStsRequestId, refusalForStsError } from './errors.ts';

/** Loads the SDK on first use, because nothing else in the broker takes as long to load. */
async function importSdk() {
  const [sts, core] = await Promise.all([
    import('@alicloud/sts20150401'),
    import('@alicloud/openapi-core'),
  ]);
  return { ...core, AssumeRoleRequest: sts.AssumeRoleRequest, Client: unwrap(sts.default) };
}

/**
 * The SDK is CommonJS with a member `default`. In Node the default export is the whole module, so
 * the class is one level deeper. Some loaders unwrap it and return the class.
 */
function unwrap<Class extends new (...of: never[]) => object>(
  module: Class | { readonly default: Class },
): Class {
  return 'default' in module ? module.default : module;
}

type Sdk = Awaited<ReturnType<typeof importSdk>>;
type StsClient = InstanceType<Sdk['Client']>;

/** Imports the SDK once. A failure, e.g. for lack of file descriptors, affects only the current request. */
function createLoadSdk(): () => Promise<Sdk> {
  let importing: Promise<Sdk> | undefined;
  return async function loadSdk() {
    importing ??= importSdk();
    try {
      return await importing;
    } catch {
      importing = undefined;
      const problem =
        'the SDK cannot be loaded; check that its files are readable and the limit of open files';
      throw refuse({ reason: 'sts_unavailable', problem, retryAfterSeconds: 1 });
    }
  };
}

/** Calls AssumeRole with source credentials of one request, and does not keep them. */
export type AssumeRoleWith = (
  credentials: SourceCredentials,
  request: AssumeRoleRequest,
) => Promise<AssumedRole>;

export interface StsAssumeRole {
  /** Signs with the source credentials. If STS refuses them, they are renewed and the call is retried once. */
  readonly assumeRole: AssumeRole;
  readonly assumeRoleWith: AssumeRoleWith;
  /** Loads the SDK and the source credentials before the first call. Never throws. */
  readonly warm: () => Promise<void>;
}

/**
 * Creates the functions that call AssumeRole. They throw only refusals. A refusal never contains what
 * was sent to STS, although the SDK's network errors contain the whole URL with the session policy.
 */
export function createAssumeRole(options: {
  readonly region: string;
  readonly sts: Config['sts'];
  readonly sourceCredentials: SourceCredentialsProvider;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Receives that STS refuses the source credentials, and newer ones too if there are any. */
  readonly observe?: Observe;
}): StsAssumeRole {
  const { region, sts, sourceCredentials, now, observe = () => {} } = options;
  const loadSdk = createLoadSdk();
  let current: { readonly credentials: SourceCredentials; readonly client: StsClient } | undefined;

  async function createClient(credentials: SourceCredentials): Promise<StsClient> {
    const { $OpenApiUtil, Client } = await loadSdk();
    return new Client(new $OpenApiUtil.Config(clientConfig(region, sts, credentials)));
  }

  async function clientFor(credentials: SourceCredentials): Promise<StsClient> {
    if (current?.credentials !== credentials) {
      current = { credentials, client: await createClient(credentials) };
    }
    return current.client;
  }

  async function callSts(client: StsClient, request: AssumeRoleRequest): Promise<AssumedRole> {
    const sdk = await loadSdk();
    const sdkRequest = new sdk.AssumeRoleRequest(toSdkRequest(request));
    const call = () => client.assumeRole(sdkRequest);
    let isTimedOut = false;
    // AssumeRole changes nothing in the account, so it may be sent twice
    const answer = call().catch((error) => {
      if (isConnectionClosed(error) && !isTimedOut) return call();
      throw error;
    });
    const timedOut = () => {
      isTimedOut = true;
      const problem = `no answer within ${sts.timeoutMs} ms`;
      return refuse({ reason: 'sts_unavailable', problem, retryAfterSeconds: 1 });
    };
    try {
      // the SDK has only idle timeouts, so an answer that trickles in would never time out
      return readAnswer(await withinDeadline(answer, sts.timeoutMs, timedOut), now());
    } catch (error) {
      if (error instanceof RefusalError) throw error;
      throw refuse(refusalForStsError(error, request));
    }
  }

  async function assumeRole(request: AssumeRoleRequest): Promise<AssumedRole> {
    const credentials = await sourceCredentials.get();
    try {
      return await callSts(await clientFor(credentials), request);
    } catch (error) {
      if (!isAboutSourceCredentials(error)) throw error;
      const renewed = await sourceCredentials.renew(credentials);
      if (isSameKey(renewed, credentials)) throw told(error);
      return callSts(await clientFor(renewed), request).catch((error) => {
        throw told(error);
      });
    }
  }

  /** The operator must act: nobody gets a credential. */
  function told(error: unknown): unknown {
    if (isAboutSourceCredentials(error)) {
      observe({ kind: 'source_credentials_refused', problem: error.refusal.problem });
    }
    return error;
  }

  async function assumeRoleWith(credentials: SourceCredentials, request: AssumeRoleRequest) {
    return callSts(await createClient(credentials), request);
  }

  async function warm(): Promise<void> {
    await sourceCredentials
      .get()
      .then(clientFor)
      .catch(() => undefined);
  }

  return { assumeRole, assumeRoleWith, warm };
}

function clientConfig(region: string, sts: Config['sts'], credentials: SourceCredentials) {
  const isPlainHttp = sts.endpoint?.startsWith('http://') === true;
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  return {
    accessKeyId,
    accessKeySecret,
    ...(securityToken === undefined ? {} : { securityToken }),
    regionId: region,
    network: sts.network,
    protocol: isPlainHttp ? 'HTTP' : 'HTTPS',
    ...(sts.endpoint === undefined ? {} : { endpoint: sts.endpoint.replace(/^https?:\/\//, '') }),
    // the SDK uses connectTimeout as the socket's idle timeout, so the shorter of the two would win
    readTimeout: sts.timeoutMs,
    connectTimeout: sts.timeoutMs,
  };
}

function toSdkRequest(request: AssumeRoleRequest) {
  return {
    roleArn: request.roleArn,
    roleSessionName: request.roleSessionName,
    durationSeconds: request.durationSeconds,
    policy: request.policy,
    ...(request.externalId === undefined ? {} : { externalId: request.externalId }),
  };
}

/** https://www.alibabacloud.com/help/en/ram/api-assumerole: whole seconds, UTC. */
const EXPIRATION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

interface SdkAnswer {
  readonly statusCode?: number;
  readonly body?: {
    readonly requestId?: string;
    readonly assumedRoleUser?: { readonly assumedRoleId?: string };
    readonly credentials?: {
      readonly accessKeyId?: string;
      readonly accessKeySecret?: string;
      readonly securityToken?: string;
      readonly expiration?: string;
    };
  };
}

function readAnswer({ statusCode, body }: SdkAnswer, nowMs: number): AssumedRole {
  // STS sometimes throttles with a 302, which the SDK treats as a success without a body
  if (statusCode === 302) throw refuse({ reason: 'sts_throttled', retryAfterSeconds: 1 });
  if (statusCode !== 200) throw unusable(`status ${statusCode}`);
  const { accessKeyId, accessKeySecret, securityToken, expiration } = body?.credentials ?? {};
  if (!isText(accessKeyId) || !isText(accessKeySecret) || !isText(securityToken)) {
    throw unusable('a part of the credential is missing');
  }
  const expiresAtMs =
    isText(expiration) && EXPIRATION.test(expiration) ? Date.parse(expiration) : Number.NaN;
  if (!isText(expiration) || Number.isNaN(expiresAtMs))
    throw unusable('Expiration is missing or malformed');
  if (expiresAtMs <= nowMs) throw unusable('the credential has already expired');
  const requestId: unknown = body?.requestId;
  const stsRequestId = isStsRequestId(requestId) ? { stsRequestId: requestId } : {};
  const secrets = { accessKeyId, accessKeySecret, securityToken };
  const id: unknown = body?.assumedRoleUser?.assumedRoleId;
  const assumedRoleId = isText(id) ? { assumedRoleId: id } : {};
  return {
    ...secrets,
    expiration,
    expiresAtMs,
    isCached: false,
    ...assumedRoleId,
    ...stsRequestId,
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function unusable(problem: string): RefusalError {
  return refuse({ reason: 'sts_answer_unusable', problem });
}
