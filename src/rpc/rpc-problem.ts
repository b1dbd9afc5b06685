/** Why a call of an API failed, without anything that was sent. */

interface Details {
  readonly action: string;
  /** Of the API, e.g. `NoPermission`. Absent: nobody answered. */
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  /** A phrase, when there is no code. */
  readonly problem?: string | undefined;
}

export class RpcProblem extends Error {
  override readonly name = 'RpcProblem';
  readonly code: string | undefined;
  readonly requestId: string | undefined;

  constructor({ action, code, requestId, problem = 'no connection' }: Details) {
    const id = requestId === undefined ? '' : ` (request ${requestId})`;
    super(code === undefined ? `${action}: ${problem}` : `${action}: ${code}${id}`);
    this.code = code;
    this.requestId = requestId;
  }
}

/** The messages of the SDK's network errors hold the whole URL, so none is repeated. */
export function toRpcProblem(action: string, error: unknown): RpcProblem {
  if (error instanceof RpcProblem) return error;
  const read = (name: string, pattern: RegExp): string | undefined => {
    const value: unknown =
      typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
    return typeof value === 'string' && pattern.test(value) ? value : undefined;
  };
  const code = read('code', /^[A-Za-z0-9_.]{1,100}$/);
  if (code !== undefined && /^E[A-Z_]+$/.test(code)) {
    return new RpcProblem({ action, problem: `the connection failed (${code})` });
  }
  return new RpcProblem({ action, code, requestId: read('requestId', /^[A-Za-z0-9-]{1,64}$/) });
}
