/** Writes the compiled config of one broker: as many grants as wanted, of which one fits. */
import { writeFileSync } from 'node:fs';
import type { Config } from '../../src/config/config.ts';
import { writeCompiledConfig } from '../../src/config-loader/compiled-config.ts';
import { hashConfig } from '../../src/config-loader/hash-config.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { AUDIENCE, ISSUER, publishedKeys, type Surroundings } from './surroundings.ts';

export interface ConfigWishes {
  readonly grants: number;
  /** True: one request a day for each subject. */
  readonly limited: boolean;
}

/** Writes the file. The grant that fits comes last; the others want another value of the same claim. */
export function writeConfig(file: string, around: Surroundings, wishes: ConfigWishes): void {
  const text = `
region: cn-hangzhou
sts: { endpoint: "${around.sts.url}" }
buckets: { app-media: { region: cn-hangzhou } }
issuers:
  - name: app
    issuer: ${ISSUER}
    audiences: [${AUDIENCE}]
    jwks: ${JSON.stringify(publishedKeys(around))}
    maxTokenAge: 24h
    attributes: { user: { claim: sub } }
grants:
  - name: user-files
    issuer: app
    when: [{ claim: plan, equals: pro }]
    role: ${around.sts.roleArn}
    allow:
      - { target: "oss://app-media/users/{user}/", permissions: [read, write, list] }
    duration: { default: 30m, max: 1h }
${wishes.limited ? 'limits: { subject: { requests: 1, window: 24h } }' : ''}
`;
  const { config } = loadConfig({ text, file: 'bench.yaml', environment: {} });
  writeFileSync(file, writeCompiledConfig(withGrants(config, wishes.grants)));
}

function withGrants({ revision: _ofOneGrant, ...config }: Config, count: number): Config {
  const [fitting] = config.grants;
  if (fitting === undefined) throw new Error('the config has no grant');
  const others = Array.from({ length: count - 1 }, (_, n): Config['grants'][number] => ({
    ...fitting,
    name: `plan-${n}`,
    when: [{ claim: ['plan'], operator: 'equals', value: `plan-${n}` }],
  }));
  const content = { ...config, grants: [...others, fitting] };
  return { revision: hashConfig(content), ...content };
}
