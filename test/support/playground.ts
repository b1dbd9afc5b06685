/** Starts the playground, and asks its server as its page does. */
import type { Asked, Checked, Tree } from '../../simulator/playground/answer.ts';
import {
  type RunningPlayground,
  startPlayground,
} from '../../simulator/playground/start-playground.ts';

/** Two users with a prefix each, and teams for those with a plan. */
export const PLAYGROUND_CONFIG = `region: cn-hangzhou
buckets:
  app-media: { region: cn-hangzhou }
issuers:
  - name: app
    issuer: https://login.example.com/
    audiences: [oss-token-broker]
    attributes:
      user: { claim: sub }
grants:
  - name: user-files
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow:
      - { target: "oss://app-media/users/{user}/", permissions: [read, write, list] }
  - name: team-files
    issuer: app
    when:
      - { claim: plan, in: [pro, team] }
    role: acs:ram::123456789012:role/oss-uploader
    allow:
      - { target: "oss://app-media/teams/", permissions: [read, list] }
`;

export interface TestPlayground extends RunningPlayground {
  readonly check: (text: string) => Promise<Checked>;
  /** Signs in as Alice at the issuer app, unless told otherwise. */
  readonly ask: (question?: {
    readonly text?: string;
    readonly claims?: object;
    readonly request?: object;
  }) => Promise<Asked>;
  readonly tree: (asked: Asked) => Promise<Tree>;
}

export async function startTestPlayground(
  options: { readonly text?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<TestPlayground> {
  const { text: initial = PLAYGROUND_CONFIG, environment = {} } = options;
  const running = await startPlayground({
    text: initial,
    file: 'broker.yaml',
    environment,
    tell: () => {},
  });

  async function post<Answer>(path: string, body: object): Promise<Answer> {
    const response = await fetch(running.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: running.url },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return JSON.parse(await response.text());
  }

  return {
    ...running,
    check: (text) => post('/check', { text }),
    ask: ({ text = initial, claims = { sub: 'alice' }, request = {} } = {}) =>
      post('/ask', { text, issuer: 'app', claims, request }),
    tree: ({ keys, targets }) => post('/tree', { accessKeyId: keys?.accessKeyId, targets }),
  };
}
