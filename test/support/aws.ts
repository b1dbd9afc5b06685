/** Asks for credentials in the two forms of AWS what a test asks of the native API. */
import type { Answer, AskOptions, TestBroker } from './broker.ts';

/** Makes the alias of a grant out of its name. */
export const aliasOf = (grant: string) => `acs:ram::123456789012:role/${grant}`;

/** The parameters of a good `AssumeRoleWithWebIdentity`, and then those of the test. `Grant` becomes a `RoleArn`. */
export function webIdentityForm(
  token: string | null,
  members: Readonly<Record<string, unknown>> = {},
): URLSearchParams {
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleSessionName: 'aws-sdk-js-session-1764000000000',
  });
  if (token !== null) form.set('WebIdentityToken', token);
  for (const [name, value] of Object.entries(members)) {
    if (name === 'Grant') form.set('RoleArn', aliasOf(String(value)));
    else form.append(name, String(value));
  }
  return form;
}

/** The same broker, but `ask` sends a form as AWS SDKs do. A body that is a string is sent unchanged. */
export function throughWebIdentity(broker: TestBroker): TestBroker {
  async function ask(options: AskOptions = {}): Promise<Answer> {
    const { token = await broker.issuer.token(options.claims), body, method = 'POST' } = options;
    const sent = typeof body === 'string' ? body : webIdentityForm(token, { ...body }).toString();
    return broker.ask({
      token: null,
      method,
      path: options.path ?? '/',
      ...(['GET', 'HEAD', 'OPTIONS'].includes(method) ? {} : { body: sent }),
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
        ...options.headers,
      },
    });
  }
  return { ...broker, ask };
}

/** The same broker, but `ask` asks for container credentials. A body becomes the query. */
export function throughContainer(broker: TestBroker): TestBroker {
  async function ask(options: AskOptions = {}): Promise<Answer> {
    const { token = await broker.issuer.token(options.claims), body, method = 'GET' } = options;
    const query = typeof body === 'string' ? body : queryOf({ ...body });
    return broker.ask({
      token: null,
      method,
      path: options.path ?? `/v1/aws-credentials${query === '' ? '' : `?${query}`}`,
      headers: { ...(token === null ? {} : { Authorization: token }), ...options.headers },
    });
  }
  return { ...broker, ask };
}

function queryOf(members: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(members).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return String(new URLSearchParams(pairs));
}

/** The text of the first element with this name. */
export function elementOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
