/** Asks for a credential URL, and for credentials at it, what a test asks of the native API. */
import type { Answer, AskOptions, TestBroker } from './broker.ts';

/** The path of a credential URL. */
export function pathOf(made: Answer): string {
  return new URL(String(made.body['Url'])).pathname;
}

/** Makes a credential URL. */
export function makeUrl(broker: TestBroker, options: AskOptions = {}): Promise<Answer> {
  return broker.ask({ ...options, path: options.path ?? '/v1/credential-urls' });
}

/** Gets a credential at the path of a credential URL. */
export function useUrl(
  broker: TestBroker,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return broker.ask({ method: 'GET', path, token: null, headers });
}

/**
 * The same broker, but `ask` makes a credential URL, and then gets a credential at it. The answer is that
 * of the first step that refuses.
 */
export function throughCredentialUrl(broker: TestBroker): TestBroker {
  async function ask(options: AskOptions = {}): Promise<Answer> {
    const made = await makeUrl(broker, options);
    if (typeof made.body['Url'] !== 'string') return made;
    const { Accept: _, ...headers } = options.headers ?? {};
    return useUrl(broker, pathOf(made), headers);
  }
  return { ...broker, ask };
}

/** Bytes that look random, as base64. */
export function ticketKey(seed: number): string {
  return Buffer.from(
    Array.from({ length: 32 }, (_, n) => (n * 37 + seed * 101 + 11) % 256),
  ).toString('base64');
}

/** The settings of the tests: two keys, of which the first encrypts. */
export const URLS_ON =
  'publicUrl: "{{broker}}"\nsurfaces: { tokenExchange: true, sts: true, aws: true, credentialUrls: { keys: [{ id: k1, keyFrom: TICKET_KEY_K1 }, { id: k2, keyFrom: TICKET_KEY_K2 }] } }\n';

export const TICKET_ENVIRONMENT = { TICKET_KEY_K1: ticketKey(1), TICKET_KEY_K2: ticketKey(2) };
