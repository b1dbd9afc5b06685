/** AssumeRole through the Alibaba Cloud SDK, with each of its traps closed here and nowhere else. */
import type { Config } from '../config/config.ts';
import { isSameKey } from '../lib/is-same-key.ts';
import { withinDeadline } from '../lib/within-deadline.ts';
import type {
  AssumedRole,
  AssumeRole,
  AssumeRoleRequest,
  SourceCredentials,
  SourceCredentialsProvider,
} from '../ports.ts';
import { isAboutSourceCredentials, RefusalError, refuse } from '../refusal.ts';
import { isStsRequestId, refusalForStsError } from './errors.ts';

/** Loaded on first use: it is the heaviest thing that the broker loads. */
async function importSdk() {
  const [sts, core] = await Promise.all([
    import('@alicloud/sts20150401'),
    import('@alicloud/openapi-core'),
  ]);
  return { ...core, AssumeRoleRequest: sts.AssumeRoleRequest, Client: unwrap(sts.default) };
}

/**
 * The SDK is CommonJS with a member `default`. Node gives the whole module as its default export,
 * so that the class sits one level deeper; some loaders look through that, and give the class.
 */
function unwrap<Class extends new (...of: never[]) => object>(
  module: Class | { readonly default: Class },
): Class {
  return 'default' in module ? module.default : module;
}

type Sdk = Awaited<ReturnType<typeof importSdk>>;
type StsClient = InstanceType<Sdk['Client']>;

/** Imports it once. A failure, as with no file descriptor left, is for the request that met it alone. */
function createLoadSdk(): () => Promise<Sdk> {
  let importing: Promise<Sdk> | undefined;
  return async function loadSdk() {
    importing ??= importSdk();
    try {
      return await importing;
    } catch {
      importing = undefined;
      const problem = 'the SDK cannot be loaded: files that cannot be read, or too many open';
      throw refuse({ reason: 'sts_unavailable', problem, retryAfterSeconds: 1 });
    }
  };
}

/** AssumeRole signed with credentials that hold for one request alone. Keeps nothing of them. */
export type AssumeRoleWith = (
  credentials: SourceCredentials,
  request: AssumeRoleRequest,
) => Promise<AssumedRole>;

export interface StsAssumeRole {
  /** Signs with the source credentials. If STS refuses those, they are renewed once and tried once more. */
  readonly assumeRole: AssumeRole;
  readonly assumeRoleWith: AssumeRoleWith;
  /** Loads the SDK and the source credentials ahead of the first call. Never throws. */
  readonly warm: () => Promise<void>;
}

/**
 * Makes the functions that call STS AssumeRole. They throw refusals only, and none of them holds
 * what STS was sent: the SDK puts the whole URL, session policy included, into network errors.
 */
export function createAssumeRole(options: {
  readonly region: string;
  readonly sts: Config['sts'];
  readonly sourceCredentials: SourceCredentialsProvider;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): StsAssumeRole {
  const { region, sts, sourceCredentials, now } = options;
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
    const call = client.assumeRole(new sdk.AssumeRoleRequest(toSdkRequest(request)));
    try {
      // the SDK's own timeouts are idle timeouts: an answer that trickles would never end
      return readAnswer(await withinDeadline(call, sts.timeoutMs, tooLate), now());
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
      if (isSameKey(renewed, credentials)) throw error;
      return callSts(await clientFor(renewed), request);
    }
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

  function tooLate(): RefusalError {
    const problem = `no answer within ${sts.timeoutMs} ms`;
    return refuse({ reason: 'sts_unavailable', problem, retryAfterSeconds: 1 });
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
    // the SDK takes its connect timeout for the socket's idle timeout, so the shorter one would win
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
    readonly credentials?: {
      readonly accessKeyId?: string;
      readonly accessKeySecret?: string;
      readonly securityToken?: string;
      readonly expiration?: string;
    };
  };
}

function readAnswer({ statusCode, body }: SdkAnswer, nowMs: number): AssumedRole {
  // a 302 is how STS throttles at times, and the SDK takes it for a success without a body
  if (statusCode === 302) throw refuse({ reason: 'sts_throttled', retryAfterSeconds: 1 });
  if (statusCode !== 200) throw unusable(`status ${statusCode}`);
  const { accessKeyId, accessKeySecret, securityToken, expiration } = body?.credentials ?? {};
  if (!isText(accessKeyId) || !isText(accessKeySecret) || !isText(securityToken)) {
    throw unusable('a part of the credential is missing');
  }
  const expiresAtMs =
    isText(expiration) && EXPIRATION.test(expiration) ? Date.parse(expiration) : Number.NaN;
  if (!isText(expiration) || Number.isNaN(expiresAtMs)) throw unusable('no usable Expiration');
  if (expiresAtMs <= nowMs) throw unusable('the credential has already expired');
  const requestId: unknown = body?.requestId;
  const stsRequestId = isStsRequestId(requestId) ? { stsRequestId: requestId } : {};
  const secrets = { accessKeyId, accessKeySecret, securityToken };
  return { ...secrets, expiration, expiresAtMs, isCached: false, ...stsRequestId };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function unusable(problem: string): RefusalError {
  return refuse({ reason: 'sts_answer_unusable', problem });
}
