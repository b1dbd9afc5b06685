/** The policies of `setup` are enough for every grant, and nothing in them can go. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { evaluatePolicy } from '../../src/session-policy/evaluate.ts';
import type { RamPolicy, RamStatement } from '../../src/session-policy/ram-policy.ts';
import { describeCloudSide } from '../../src/setup/describe-cloud-side.ts';
import { formatAliyun } from '../../src/setup/formats/aliyun.ts';
import { CI_CONFIG, completeConfig, everyCallerConfig, README_CONFIG } from '../docs/configs.ts';
import { blockWith } from '../docs/pages.ts';
import { missingPrograms } from '../docs/shell.ts';
import { ACCOUNT, type Account, BROKER_ROLE, BROKER_USER, startAccount } from './account.ts';

const EXAMPLES = readdirSync('examples')
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => [`examples/${name}`, readFileSync(`examples/${name}`, 'utf8')] as const);

/** Two grants that share a role, where one is a part of the other and no restriction is common. */
const SHARED_ROLE = `
region: cn-hangzhou
buckets: { media: { region: cn-hangzhou }, archive: { region: cn-beijing } }
issuers:
  - name: app
    issuer: https://login.example.com/
    audiences: [broker]
    attributes: { user: { claim: sub }, team: { claim: team } }
grants:
  - name: own
    issuer: app
    role: acs:ram::${ACCOUNT}:role/shared
    externalId: own-id
    allow:
      - { target: "oss://media/users/{user}/", permissions: [read, write, list, delete] }
      - { target: "oss://media/users/{user}/{team}/", permissions: [read], actions: ["oss:GetObjectAcl"] }
      - { target: "oss://archive/{team}/{user}.json", permissions: [read] }
  - name: all
    issuer: app
    role: acs:ram::${ACCOUNT}:role/shared
    externalId: all-id
    publicAcl: allow
    restrict: { https: false, sourceIp: caller }
    allow:
      - { target: "oss://media/users/", permissions: [read, list] }
      - { target: "oss://media/users/admin/", permissions: [read] }
      - { target: "oss://archive/", permissions: [list] }
`;

const CONFIGS: readonly (readonly [string, string])[] = [
  ...EXAMPLES,
  ['the config of the README', README_CONFIG.text],
  ['the example of docs/config.md', blockWith('docs/config.md', 'yaml', 'as: hash }').text],
  ['the grant for a CI job', stringify(completeConfig(CI_CONFIG))],
  ['a config with several roles', stringify({ ...everyCallerConfig(), surfaces: {} })],
  ['two grants with one role', SHARED_ROLE],
];

const load = (text: string): Config =>
  loadConfig({ text, file: 'broker.yaml', environment: {} }).config;

let account: Account;

afterEach(() => account.close());

async function setUp(config: Config, broker: string): Promise<void> {
  account = await startAccount(config, broker);
  await account.run(formatAliyun(describeCloudSide(config, { broker })));
}

/** Every policy with one part less: a statement, an action or a resource. */
function* reductions({ Statement }: RamPolicy): Generator<readonly [string, RamPolicy]> {
  for (const [index, statement] of Statement.entries()) {
    const others = Statement.filter((_one, at) => at !== index);
    const put = (changed: RamStatement): RamPolicy => ({
      Version: '1',
      Statement: Statement.map((one, at) => (at === index ? changed : one)),
    });
    yield [`statement ${JSON.stringify(statement)}`, { Version: '1', Statement: others }];
    if (statement.Effect === 'Deny') continue;
    for (const part of ['Action', 'Resource'] as const) {
      const values = statement[part];
      if (values === undefined || typeof values === 'string') continue;
      for (const value of values) {
        const rest = values.filter((one) => one !== value);
        yield [`${part} ${value}`, put({ ...statement, [part]: rest })];
      }
    }
  }
}

/** What the Deny statements of a role are there for. */
const FORBIDDEN = [
  { 'acs:SecureTransport': 'false', 'acs:SourceIp': '203.0.113.7' },
  {
    'acs:SecureTransport': 'true',
    'acs:SourceIp': '203.0.113.7',
    'oss:x-oss-object-acl': 'public-read',
  },
];

/** The forbidden operations that this policy allows by itself. */
function listForbidden(document: RamPolicy): readonly string[] {
  return document.Statement.flatMap(({ Effect, Action = [], Resource }) => {
    if (Effect === 'Deny') return [];
    const [pattern = ''] = [Resource].flat();
    const resource = pattern.replaceAll('*', '1').replace('acs:oss:1:1:', 'acs:oss:*:1:');
    return [Action]
      .flat()
      .flatMap((action) =>
        FORBIDDEN.filter(
          (context) => evaluatePolicy([document], { action, resource, context }) === 'Allow',
        ).map((context) => `${action} ${JSON.stringify(context)}`),
      );
  });
}

describe.skipIf(missingPrograms('').length > 0)('the policies of setup', () => {
  it.each(CONFIGS)('are enough for every grant of %s, and no part can go', async (_name, text) => {
    const config = load(text);
    await setUp(config, BROKER_ROLE);
    const { policies, apply, roles } = account.ram.account;

    expect(await account.findProblems(config)).toEqual([]);
    let tried = 0;
    for (const [name, policy] of policies) {
      for (const [what, document] of reductions(policy.document)) {
        policies.set(name, { ...policy, document });
        apply();
        const problems = await account.findProblems(config);
        const opens = listForbidden(document).length > listForbidden(policy.document).length;

        expect(problems.length > 0 || opens, `${name} without ${what}`).toBe(true);
        tried += 1;
      }
      policies.set(name, policy);
    }
    apply();
    for (const [name, role] of roles) {
      if (name === 'oss-token-broker') continue;
      roles.set(name, { ...role, trustPolicy: { Version: '1', Statement: [] } });
      apply();
      expect(await account.findProblems(config), `${name} without its trust policy`).not.toEqual(
        [],
      );
      roles.set(name, role);
    }
    apply();

    expect(tried).toBeGreaterThan(policies.size);
    expect(await account.findProblems(config)).toEqual([]);
  });

  it('work for a broker that is a RAM user', async () => {
    const config = load(README_CONFIG.text);
    await setUp(config, BROKER_USER);

    expect(await account.findProblems(config)).toEqual([]);
    account.ram.account.users.set('oss-token-broker', new Set());
    account.ram.account.apply();
    expect(await account.findProblems(config)).not.toEqual([]);
  });

  it('let nobody assume a role without the external ID of a grant', async () => {
    const config = load(SHARED_ROLE);
    await setUp(config, BROKER_ROLE);
    const grants = config.grants.map((grant) => ({ ...grant, externalId: 'another-id' }));

    expect(await account.findProblems({ ...config, grants })).toEqual([
      'own: sts_refused',
      'all: sts_refused',
    ]);
  });

  it('require no external ID of a role with a grant that sends none, and say so', async () => {
    const config = load(SHARED_ROLE.replace('    externalId: all-id\n', ''));
    await setUp(config, BROKER_ROLE);

    expect(await account.findProblems(config)).toEqual([]);
    expect(describeCloudSide(config, { broker: BROKER_ROLE }).notes).toContain(
      `acs:ram::${ACCOUNT}:role/shared requires no external ID, since the grant all sends none; give it a role of its own.`,
    );
  });

  it('set the CORS rules of each bucket that a grant names', async () => {
    const config = load(README_CONFIG.text);
    account = await startAccount(config, BROKER_ROLE);
    const calls = await account.run(
      formatAliyun(describeCloudSide(config, { broker: BROKER_ROLE })),
    );

    expect(calls).toEqual([
      [
        'oss',
        'cors',
        '--method',
        'put',
        'oss://app-media',
        expect.any(String),
        '--endpoint',
        'https://oss-cn-hangzhou.aliyuncs.com',
      ],
    ]);
  });
});
