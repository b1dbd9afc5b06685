/** Asks for a token exchange what a test asks of the native API: the same token, the same members. */
import type { Answer, AskOptions, TestBroker } from './broker.ts';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';

/** The names of the native members on this surface. Others keep their name. */
const PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['Grant', 'grant'],
  ['Target', 'resource'],
  ['Permissions', 'scope'],
  ['DurationSeconds', 'duration_seconds'],
]);

/** The parameters of a good request, and then those of the test. */
export function formOf(
  token: string | null,
  members: Readonly<Record<string, unknown>> = {},
): URLSearchParams {
  const form = new URLSearchParams({ grant_type: GRANT_TYPE, subject_token_type: JWT });
  if (token !== null) form.set('subject_token', token);
  for (const [name, value] of Object.entries(members)) {
    const text = Array.isArray(value) ? value.join(' ') : String(value);
    form.append(PARAMETERS.get(name) ?? name, text);
  }
  return form;
}

/** The same broker, but `ask` sends a form to `/oauth/token`. A body that is a string is sent unchanged. */
export function throughTokenExchange(broker: TestBroker): TestBroker {
  async function ask(options: AskOptions = {}): Promise<Answer> {
    const { token = await broker.issuer.token(options.claims), body, method = 'POST' } = options;
    const sent = typeof body === 'string' ? body : formOf(token, { ...body }).toString();
    return broker.ask({
      token: null,
      method,
      path: options.path ?? '/oauth/token',
      ...(['GET', 'HEAD', 'OPTIONS'].includes(method) ? {} : { body: sent }),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...options.headers },
    });
  }
  return { ...broker, ask };
}
