/** A config with credential URLs, and the brokers that it becomes when it changes. */
import { afterAll, beforeAll, expect } from 'vitest';
import { type AskOptions, SIMPLE_CONFIG, startTestBroker, type TestBroker } from './broker.ts';
import { TICKET_ENVIRONMENT } from './credential-urls.ts';

export const PUBLIC_URL = 'https://broker.example.com';

export const CONFIG = `${SIMPLE_CONFIG}  - name: shared
    issuer: app
    when: [{ claim: plan, equals: pro }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/shared/", permissions: [read, list] }]
    restrict: { https: false }
publicUrl: ${PUBLIC_URL}
surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: TICKET_KEY_K1 }] } }
callerAddress: { header: X-Forwarded-For, trustedHops: 1 }
limits: { assumeRole: { requests: 100000, window: 1m } }
`;

/** A good request for a URL. */
export const BODY: AskOptions = {
  claims: { sub: '42', plan: 'pro', jti: 'j-1' },
  body: { Grant: 'user-files' },
};

export type ChangeConfig = (config: string) => string;

export const replace =
  (from: string, to: string): ChangeConfig =>
  (config) =>
    config.replace(from, to);

/** Adds kill switches to the issuer. */
export const denied = (member: string) =>
  replace('    types:', `    deny: { ${member} }\n    types:`);

export function startTicketBroker(
  options: Omit<Parameters<typeof startTestBroker>[0], 'environment'> = {},
): Promise<TestBroker> {
  return startTestBroker({ config: CONFIG, environment: TICKET_ENVIRONMENT, ...options });
}

/** One broker for all tests of a file. It is there once the first test begins. */
export function ticketBrokerOfFile(): { readonly broker: TestBroker } {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTicketBroker();
  });
  afterAll(() => broker.close());
  return {
    get broker() {
      return broker;
    },
  };
}

/** The same broker after a change of its config, with the issuer that it had, for one test. */
export async function withChange<T>(
  { issuer }: TestBroker,
  change: ChangeConfig,
  ask: (changed: TestBroker) => Promise<T>,
): Promise<T> {
  const config = change(CONFIG);
  expect(config).not.toBe(CONFIG);
  const changed = await startTicketBroker({ config, issuer });
  try {
    return await ask(changed);
  } finally {
    await changed.close();
  }
}

/** A time for a claim. */
export function secondsAgo(seconds: number): number {
  return Math.floor(Date.now() / 1000) - seconds;
}
