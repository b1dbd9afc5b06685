/** Asks the STS-compatible API what a test asks of the native API: the same token, the same members. */
import { afterAll, beforeAll } from 'vitest';
import { type Answer, type AskOptions, startTestBroker, type TestBroker } from './broker.ts';

const ACCOUNT = 'acs:ram::123456789012';
export const ROLE_ARN = `${ACCOUNT}:role/oss-uploader`;

/** The alias of the grant `user-files`. */
export const ALIAS = ROLE_ARN.replace('oss-uploader', 'user-files');

export const QUERY = 'Action=AssumeRoleWithOIDC&Version=2015-04-01&Format=JSON';

/** Actions of each permission, and of no permission. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  read: ['oss:GetObject'],
  write: ['oss:PutObject', 'oss:AbortMultipartUpload', 'oss:ListParts'],
  delete: ['oss:DeleteObject'],
  list: [],
};

/** A policy that allows these permissions on this target, of either all if it is absent. */
export function policyOf(
  target: string | undefined,
  permissions: readonly string[] | undefined,
): string {
  const name = target?.replace('oss://', '') ?? '';
  const isAllBelow = target === undefined || name.endsWith('/');
  const [bucket = ''] = name.split('/');
  const prefix = name.slice(bucket.length + 1);
  const actions = permissions?.flatMap((permission) => ACTIONS[permission] ?? []) ?? ['oss:*'];
  const objects = {
    Effect: 'Allow',
    Action: actions,
    Resource: target === undefined ? '*' : `acs:oss:*:*:${name}${isAllBelow ? '*' : ''}`,
  };
  const listing = {
    Effect: 'Allow',
    Action: 'oss:ListObjects',
    Resource: target === undefined ? '*' : `acs:oss:*:*:${bucket}`,
    ...(target === undefined
      ? {}
      : { Condition: { StringLike: { 'oss:Prefix': [prefix, `${prefix}*`] } } }),
  };
  const isListed = isAllBelow && (permissions?.includes('list') ?? true);
  const Statement = [...(actions.length === 0 ? [] : [objects]), ...(isListed ? [listing] : [])];
  return JSON.stringify({ Version: '1', Statement });
}

/** The parameters of a good request, and then those of the test. `Grant` becomes the alias of a grant. */
export function parametersOf(
  token: string | null,
  members: Readonly<Record<string, unknown>> = {},
  roleArn: string = ROLE_ARN,
): URLSearchParams {
  const { Grant: grant, ...others } = members;
  const parameters = new URLSearchParams({
    RoleArn: grant === undefined ? roleArn : `${ACCOUNT}:role/${String(grant)}`,
    RoleSessionName: 'test-session',
  });
  if (token !== null) parameters.set('OIDCToken', token);
  for (const [name, value] of Object.entries(others)) parameters.append(name, String(value));
  return parameters;
}

/**
 * The same broker, but `ask` sends a call of STS: as the credentials libraries do, with the token in
 * the body, and everything in the query for methods without a body. A body that is a string is sent
 * unchanged.
 */
export function throughSts(broker: TestBroker, roleArn?: string): TestBroker {
  async function ask(options: AskOptions = {}): Promise<Answer> {
    const { token = await broker.issuer.token(options.claims), body, method = 'POST' } = options;
    const sent =
      typeof body === 'string' ? body : parametersOf(token, { ...body }, roleArn).toString();
    const hasBody = !['GET', 'HEAD', 'OPTIONS'].includes(method);
    return broker.ask({
      token: null,
      method,
      path: options.path ?? `/?${QUERY}${hasBody ? '' : `&${sent}`}`,
      ...(hasBody ? { body: sent } : {}),
      headers: {
        ...(hasBody ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
        ...options.headers,
      },
    });
  }
  return { ...broker, ask };
}

export interface StsDoor {
  readonly broker: TestBroker;
  /** The same broker through its STS-compatible API. */
  readonly door: TestBroker;
  /** What the broker decided last. */
  readonly lastLine: () => Readonly<Record<string, unknown>>;
}

/** One broker for all tests of a file. It is there once the first test begins. */
export function stsDoorOfFile(config: string): StsDoor {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker({ config });
  });
  afterAll(() => broker.close());
  return {
    get broker() {
      return broker;
    },
    get door() {
      return throughSts(broker);
    },
    lastLine: () => broker.auditLines().at(-1) ?? {},
  };
}
