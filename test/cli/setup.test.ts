/** `setup`, as an operator runs it, against a simulated RAM. */
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { quoteForShell } from '../../src/setup/formats/quote-for-shell.ts';
import { README_CONFIG } from '../docs/configs.ts';
import {
  type Account,
  BROKER_ROLE,
  BROKER_USER,
  OPERATOR,
  startAccount,
} from '../setup/account.ts';
import { type Cli, createCli } from '../support/cli.ts';
import { memberAt } from '../support/declared.ts';
import { HOSTILE_STRINGS } from '../support/hostile-strings.ts';

const UPLOADER = 'acs:ram::123456789012:role/oss-uploader';
const ENVIRONMENT = {
  ALIBABA_CLOUD_ACCESS_KEY_ID: OPERATOR.accessKeyId,
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: OPERATOR.accessKeySecret,
};

let cli: Cli;

beforeAll(async () => {
  cli = await createCli();
});

afterAll(() => cli.close());

const setup = (...args: readonly string[]) => cli.run(['setup', ...args]);

describe('setup', () => {
  it.each([
    [[], 2, '--broker is missing: the ARN of the role or user'],
    [['--broker', 'oss-token-broker'], 2, '--broker must be the ARN of a RAM role or a RAM user'],
    [['--broker', UPLOADER], 1, 'is the broker and the role of a grant'],
    [['--broker', BROKER_ROLE, '--format', 'text'], 2, '--format text goes with --diff.'],
    [['--broker', BROKER_ROLE, '--diff', '--format', 'ros'], 2, 'the formats text and json'],
    [['--broker', BROKER_ROLE, '--ram-endpoint', 'x'], 2, '--ram-endpoint goes with --diff.'],
    [
      ['--broker', BROKER_ROLE, '--diff', '--ram-endpoint', 'http://ram.example.com'],
      2,
      '--ram-endpoint is host or host:port; http:// is for this machine only.',
    ],
    [
      ['--broker', BROKER_ROLE, '--diff', '--ram-endpoint', 'https://ram.example.com/x'],
      2,
      '--ram-endpoint is host or host:port',
    ],
    [['--broker', BROKER_ROLE, '--log-store', 'x'], 2, '--log-store is <project>/<logstore>.'],
    [
      ['--broker', BROKER_ROLE, '--config-object', 'oss://a'],
      2,
      '--config-object names one object',
    ],
    [['--broker', BROKER_ROLE, '--config-object', 'oss://conf/a/'], 2, 'names one object'],
    [['--broker', BROKER_ROLE, '--diff'], 1, 'There are no credentials: '],
    [['nowhere.yaml', '--broker', BROKER_ROLE], 1, 'nowhere.yaml cannot be read (ENOENT)'],
  ])('ends with one sentence for %j', async (args, code, sentence) => {
    cli.file('broker.yaml', README_CONFIG.text);
    const run = await cli.run(['setup', ...args], {
      environment: {
        ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
      },
    });

    expect({ code: run.code, stdout: run.stdout }).toEqual({ code, stdout: '' });
    expect(run.stderr).toContain(sentence);
  });

  it('takes the broker from sourceCredentials, and refuses another one', async () => {
    const text = `${README_CONFIG.text}sourceCredentials: { type: ram_role_arn, role: "${BROKER_ROLE}" }\n`;
    cli.file('role.yaml', text);
    const { code, stdout } = await setup('role.yaml');

    expect(code).toBe(0);
    expect(memberAt(JSON.parse(stdout), ['broker', 'arn'])).toBe(BROKER_ROLE);
    expect(memberAt(JSON.parse(stdout), ['broker', 'trustPolicy'])).toBeUndefined();
    expect((await setup('role.yaml', '--broker', BROKER_USER)).stderr).toContain(
      `--broker is not the role of sourceCredentials in the config, ${BROKER_ROLE}`,
    );
  });

  it('adds what the broker needs for its config and its log', async () => {
    cli.file('broker.yaml', README_CONFIG.text);
    const more = ['--config-object', 'oss://conf/a/broker.yaml', '--log-store', 'audit/broker'];
    const { stdout } = await setup('--broker', BROKER_ROLE, ...more);

    expect(
      memberAt(JSON.parse(stdout), ['broker', 'policies', '0', 'document', 'Statement']),
    ).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Resource: ['acs:ram:*:123456789012:role/oss-uploader'],
      },
      { Effect: 'Allow', Action: 'oss:GetObject', Resource: 'acs:oss:*:*:conf/a/broker.yaml' },
      {
        Effect: 'Allow',
        Action: 'log:PostLogStoreLogs',
        Resource: 'acs:log:*:123456789012:project/audit/logstore/broker',
      },
    ]);
  });

  it('writes the same documents as ROS template and for Terraform', async () => {
    cli.file('broker.yaml', README_CONFIG.text);
    const json: unknown = JSON.parse((await setup('--broker', BROKER_ROLE)).stdout);
    const ros = await setup('--broker', BROKER_ROLE, '--format', 'ros');
    const terraform = await setup('--broker', BROKER_ROLE, '--format', 'terraform');
    const document = memberAt(json, ['roles', '0', 'policies', '0', 'document']);
    const trust = memberAt(json, ['roles', '0', 'trustPolicy']);
    const resources = (id: string, property: string) =>
      memberAt(JSON.parse(ros.stdout), ['Resources', id, 'Properties', property]);

    expect(resources('GrantRole1Policy1', 'PolicyDocumentUnchecked')).toEqual(document);
    expect(resources('GrantRole1', 'AssumeRolePolicyDocument')).toEqual(trust);
    expect(ros.stderr).toContain('note: a ROS template cannot set CORS rules');
    expect(terraform.stdout).toContain(
      `policy_document = jsonencode(${JSON.stringify(document)})\n`,
    );
    expect(terraform.stdout).toContain(`jsonencode(${JSON.stringify(trust)})\n`);
  });
});

describe('setup --diff', () => {
  let account: Account;

  /** Starts an account that has what the config needs. */
  async function start(broker: string): Promise<void> {
    const { config } = loadConfig({
      text: README_CONFIG.text,
      file: 'broker.yaml',
      environment: {},
    });
    account = await startAccount(config, broker);
    const { oss, cloud } = account.simulator;
    cli.file(
      'broker.yaml',
      README_CONFIG.text.replace(
        'app-media: { region: cn-hangzhou }',
        `app-media: { region: cn-hangzhou, endpoint: "${oss.url}" }`,
      ),
    );
    await account.run((await setup('--broker', broker, '--format', 'aliyun')).stdout);
    setOrigins('https://app.example.com');
    expect(cloud.roles.size).toBeGreaterThan(0);
  }

  function setOrigins(...corsOrigins: readonly string[]): void {
    const bucket = account.simulator.cloud.buckets.get('app-media');
    if (bucket !== undefined) {
      account.simulator.cloud.buckets.set('app-media', { ...bucket, corsOrigins });
    }
  }

  async function diff(broker: string, ...more: readonly string[]) {
    const asked = ['--broker', broker, '--diff', '--ram-endpoint', account.ram.url, ...more];
    const run = await cli.run(['setup', ...asked], { environment: ENVIRONMENT });
    expect(`${run.stdout}${run.stderr}`).not.toContain(OPERATOR.accessKeySecret);
    return run;
  }

  const roleOf = (name: string) => {
    const role = account.ram.account.roles.get(name);
    if (role === undefined) throw new Error('no role');
    return role;
  };

  beforeEach(() => start(BROKER_ROLE));
  afterEach(() => account.close());

  it('finds nothing in an account that its own commands set up', async () => {
    expect(await diff(BROKER_ROLE)).toMatchObject({ code: 0 });
    expect((await diff(BROKER_ROLE, '--format', 'json')).stdout).toBe(
      '{\n  "differences": []\n}\n',
    );
  });

  it('finds nothing if the same is written in another way', async () => {
    const { policies } = account.ram.account;
    const policy = policies.get('oss-uploader');
    if (policy === undefined) throw new Error('no policy');
    const Statement = policy.document.Statement.flatMap((statement) =>
      [statement.Action ?? []].flat().map((Action) => ({ ...statement, Action: [Action] })),
    ).reverse();
    policies.set('oss-uploader', { ...policy, document: { Version: '1', Statement } });

    expect(await diff(BROKER_ROLE)).toMatchObject({ code: 0 });
  });

  it.each([
    [
      'a system policy on the role',
      () => {
        const Statement = [{ Effect: 'Allow', Action: 'oss:*', Resource: '*' } as const];
        const document = { Version: '1', Statement } as const;
        account.ram.account.policies.set('AliyunOSSFullAccess', { type: 'System', document });
        roleOf('oss-uploader').attached.add('AliyunOSSFullAccess');
      },
      `${UPLOADER}\n  extra    Allow oss:* on * (policy AliyunOSSFullAccess)\n`,
    ],
    [
      'a policy that would clear the screen, which it does not',
      () => {
        const Statement = [
          { Effect: 'Allow', Action: 'oss:x', Resource: '\u001b[2J\u009b2J\nok\u202e' } as const,
        ];
        const document = { Version: '1', Statement } as const;
        account.ram.account.policies.set('AliyunOSSFullAccess', { type: 'System', document });
        roleOf('oss-uploader').attached.add('AliyunOSSFullAccess');
      },
      `${UPLOADER}\n  extra    Allow oss:x on  [2J 2J ok  (policy AliyunOSSFullAccess)\n`,
    ],
    [
      'a role that is not there',
      () => account.ram.account.roles.delete('oss-uploader'),
      `${UPLOADER}\n  missing  it does not exist\n`,
    ],
    [
      'a trust policy that names the whole account',
      () => {
        const trustPolicy = {
          Version: '1',
          Statement: [
            {
              Effect: 'Allow',
              Action: 'sts:AssumeRole',
              Principal: { RAM: ['acs:ram::123456789012:root'] },
            },
          ],
        };
        account.ram.account.roles.set('oss-uploader', { ...roleOf('oss-uploader'), trustPolicy });
      },
      `${UPLOADER}\n  missing  trust in RAM ${BROKER_ROLE}\n  extra    trust in RAM acs:ram::123456789012:root\n`,
    ],
    [
      'a broker without its policy',
      () => roleOf('oss-token-broker').attached.clear(),
      `${BROKER_ROLE}\n  missing  Allow sts:AssumeRole on acs:ram:*:123456789012:role/oss-uploader\n`,
    ],
    [
      'CORS rules of another page',
      () => setOrigins('https://other.example.com'),
      'oss://app-media/\n  missing  a CORS rule for https://app.example.com, methods GET PUT POST DELETE HEAD, headers *, exposed ETag x-oss-request-id\n  extra    CORS rules for https://other.example.com\n',
    ],
    [
      'no CORS rules',
      () => setOrigins(),
      'oss://app-media/\n  missing  a CORS rule for https://app.example.com, methods GET PUT POST DELETE HEAD, headers *, exposed ETag x-oss-request-id\n',
    ],
    [
      'a bucket that is not there',
      () => account.simulator.cloud.buckets.delete('app-media'),
      'oss://app-media/\n  missing  the bucket does not exist\n',
    ],
  ])('ends with code 6 for %s', async (_name, change, expected) => {
    change();
    const { code, stdout } = await diff(BROKER_ROLE);

    expect(stdout).toBe(expected);
    expect(code).toBe(6);
  });

  it('says that sessions are too short', async () => {
    const text = README_CONFIG.text
      .replace(
        'app-media: { region: cn-hangzhou }',
        `app-media: { region: cn-hangzhou, endpoint: "${account.simulator.oss.url}" }`,
      )
      .replace('permissions: [write] }', 'permissions: [write] }\n    duration: { max: 2h }');
    cli.file('broker.yaml', text);

    expect(await diff(BROKER_ROLE)).toMatchObject({
      code: 6,
      stdout: `${UPLOADER}\n  missing  sessions of 7200 s; its MaxSessionDuration is 3600 s\n`,
    });
  });

  it('does not take a role of another account for the one of the config', async () => {
    const other = README_CONFIG.text.replaceAll('123456789012', '210987654321');
    cli.file('broker.yaml', other.replace(/^cors:.*$/m, ''));
    const { code, stdout } = await diff(BROKER_ROLE);

    expect(code).toBe(6);
    expect(stdout).toContain(
      'role/oss-uploader\n  unknown  it is in another account than these credentials\n',
    );
  });

  it('says what the operator lacks', async () => {
    const { cloud } = account.simulator;
    const identity = cloud.identities.get(OPERATOR.accessKeyId);
    if (identity === undefined) throw new Error('no operator');
    cloud.identities.set(OPERATOR.accessKeyId, { ...identity, policies: [[]] });
    const { code, stderr } = await diff(BROKER_ROLE);

    expect(code).toBe(1);
    expect(stderr).toContain('RAM refuses GetRole: NoPermission (request ');
    expect(stderr).toContain('Your identity needs ram:GetRole, ram:GetUser,');
    const Statement = [{ Effect: 'Allow', Action: 'ram:*', Resource: '*' } as const];
    cloud.identities.set(OPERATOR.accessKeyId, {
      ...identity,
      policies: [[{ Version: '1', Statement }]],
    });
    expect((await diff(BROKER_ROLE)).stderr).toContain(
      'OSS answered 403 AccessDenied for the bucket app-media; allow your identity oss:GetBucketCors on acs:oss:*:*:app-media',
    );
  });

  it('says that RAM cannot be reached, without what was sent', async () => {
    await account.ram.close();
    const { code, stderr } = await diff(BROKER_ROLE);
    await start(BROKER_ROLE);

    expect(code).toBe(1);
    expect(stderr).toContain('RAM cannot be asked: GetRole: the connection failed (ECONNREFUSED)');
    expect(stderr).not.toContain('RoleName');
  });

  it('compares a broker that is a RAM user', async () => {
    await account.close();
    await start(BROKER_USER);

    expect(await diff(BROKER_USER)).toMatchObject({ code: 0 });
    account.ram.account.users.get('oss-token-broker')?.clear();
    expect((await diff(BROKER_USER)).stdout).toContain(
      `${BROKER_USER}\n  missing  Allow sts:AssumeRole`,
    );
    account.ram.account.users.clear();
    expect((await diff(BROKER_USER)).stdout).toContain(
      `${BROKER_USER}\n  missing  it does not exist`,
    );
  });
});

it('a text is one word of a shell once it is quoted', () => {
  for (const text of HOSTILE_STRINGS.filter((one) => !one.includes('\0') && one.isWellFormed())) {
    const printed = execFileSync('sh', ['-c', `printf %s ${quoteForShell(text)}`], {
      encoding: 'utf8',
    });

    expect(printed).toBe(text);
  }
});
