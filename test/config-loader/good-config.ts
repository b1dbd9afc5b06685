/** A small good config that tests of the loader change, and what the loader says of it. */
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';

export const GOOD = `region: cn-hangzhou
buckets:
  app-media: { region: cn-hangzhou }
issuers:
  - name: app
    issuer: https://login.example.com/
    audiences: [oss-token-broker]
    attributes:
      user: { claim: sub }
      teams: { claim: groups, grammar: path }
grants:
  - name: user-files
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow:
      - { target: "oss://app-media/users/{user}/", permissions: [read, write, list] }
`;

export function load(text: string, environment: Record<string, string> = {}) {
  return loadConfig({ text, file: 'broker.yaml', environment });
}

/** The problems of a config that must not load. */
export function problemsOf(
  text: string,
  environment: Record<string, string> = {},
): readonly string[] {
  try {
    load(text, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the config loaded');
}

/** GOOD with one piece replaced; throws if the piece is missing. */
export function changed(from: string, to: string): string {
  if (!GOOD.includes(from)) throw new Error(`no "${from}" in the config`);
  return GOOD.replace(from, to);
}
