/** Calls an API of Alibaba Cloud that only reads, through the SDK's client for all of them. */
import { withinDeadline } from '../lib/within-deadline.ts';
import type { SourceCredentials } from '../ports.ts';
import { RpcProblem, toRpcProblem } from './rpc-problem.ts';

export interface RpcCall {
  readonly action: string;
  /** Of the API, e.g. `2015-05-01`. */
  readonly version: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface RpcAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  /** The header `Date` of the answer, in milliseconds since the epoch. Absent: not sent. */
  readonly dateMs?: number;
}

/** Throws RpcProblems only. */
export type CallRpc = (call: RpcCall) => Promise<RpcAnswer>;

const TIMEOUT_MS = 10_000;

/**
 * Makes the function for one endpoint: a host, or a loopback `http://` URL in development. It signs
 * with ACS3-HMAC-SHA256: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */
export function createCallRpc(options: {
  readonly endpoint: string;
  readonly credentials: SourceCredentials;
}): CallRpc {
  const { endpoint, credentials } = options;
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const protocol = endpoint.startsWith('http://') ? 'HTTP' : 'HTTPS';

  return async function callRpc({ action, version, parameters = {} }) {
    const { $OpenApiUtil, default: module } = await import('@alicloud/openapi-core');
    const Client = unwrap(module);
    const config = new $OpenApiUtil.Config({
      accessKeyId,
      accessKeySecret,
      ...(securityToken === undefined ? {} : { securityToken }),
      endpoint: endpoint.replace(/^https?:\/\//, ''),
      protocol,
      readTimeout: TIMEOUT_MS,
      connectTimeout: TIMEOUT_MS,
    });
    const params = new $OpenApiUtil.Params({
      action,
      version,
      protocol,
      pathname: '/',
      method: 'POST',
      authType: 'AK',
      style: 'RPC',
      reqBodyType: 'formData',
      bodyType: 'json',
    });
    const request = new $OpenApiUtil.OpenApiRequest({ query: { ...parameters } });
    const timedOut = () => new RpcProblem({ action, problem: `no answer within ${TIMEOUT_MS} ms` });
    try {
      // the time limits of the config are all that this call has of its own
      const answer = new Client(config).callApi(params, request, config);
      return readAnswer(action, await withinDeadline(answer, TIMEOUT_MS, timedOut));
    } catch (error) {
      throw toRpcProblem(action, error);
    }
  };
}

/** The SDK is CommonJS with a member `default`: some loaders unwrap it, and Node does not. */
function unwrap<Class extends new (...of: never[]) => object>(
  module: Class | { readonly default: Class },
): Class {
  return 'default' in module ? module.default : module;
}

function readAnswer(action: string, answer: object): RpcAnswer {
  const body: unknown = Reflect.get(answer, 'body');
  const headers: unknown = Reflect.get(answer, 'headers');
  if (Reflect.get(answer, 'statusCode') !== 200 || typeof body !== 'object' || body === null) {
    throw new RpcProblem({ action, problem: 'the answer is not the expected one' });
  }
  const date: unknown =
    typeof headers === 'object' && headers !== null ? Reflect.get(headers, 'date') : undefined;
  const dateMs = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return { body: { ...body }, ...(Number.isNaN(dateMs) ? {} : { dateMs }) };
}
