/** Shell on the pages: run against the broker, or recorded where it needs an account. */
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { toObject } from '../support/declared.ts';
import { checkCiJob, checkScript } from './callers.ts';
import { completeConfig, REPORT_CONFIG } from './configs.ts';
import { checkOidcRoleArn } from './oidc-role-arn.ts';
import { type Block, blockWith, PAGES, ROOT } from './pages.ts';
import { readPolicy, readTrust } from './policies.ts';
import type { Rule } from './rules.ts';
import { optionOf, runShell, type ShellCall, type ShellRun, syntaxProblem } from './shell.ts';
import { startWorld } from './world.ts';

const scripts = Object.keys(
  toObject(toObject(JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')))['scripts']),
);

/** A block of shell that has this mark, and that bash can read. */
const shellRule = (name: string, mark: RegExp, check: Rule['check']): Rule => ({
  name,
  covers: ({ language, text }) => language === 'sh' && mark.test(text),
  check(block, world) {
    expect(syntaxProblem(block.text)).toBe('');
    return check(block, world);
  },
});

/** Runs a block that must succeed without a complaint. */
async function succeed(block: Block, options: Parameters<typeof runShell>[1]): Promise<ShellRun> {
  const run = await runShell(block.text, options);
  expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
  return run;
}

const request = shellRule(
  'a request that the broker grants',
  /^curl (?![\s\S]*AssumeRoleWithWebIdentity)[\s\S]*\$BROKER_URL/m,
  async (block, world) => {
    const environment = { BROKER_URL: world.broker.url, TOKEN: await world.token('app') };
    const { stdout } = await succeed(block, { environment });
    const answers = stdout.split(/(?<=\})(?=\{)/).map((text) => toObject(JSON.parse(text)));

    expect(answers).toHaveLength(block.text.match(/^curl /gm)?.length ?? 0);
    for (const answer of answers) {
      const { StatusCode, Status, token_type: tokenType, OIDCTokenInfo, SecretAccessKey } = answer;
      const { VerificationInfo } = toObject(OIDCTokenInfo);
      const ofAws = SecretAccessKey === undefined ? undefined : 'ok';
      const ofUrl = answer['Url'] === undefined ? undefined : 'ok';
      const sign = StatusCode ?? Status ?? tokenType ?? VerificationInfo ?? ofAws ?? ofUrl;
      expect([200, 'ok', 'ready', 'N_A', 'Success']).toContain(sign);
    }
  },
);

const oidcRoleArn = shellRule(
  'the environment of an SDK that asks the broker as STS',
  /^export ALIBABA_CLOUD_ROLE_ARN=/m,
  async (block, world) => {
    const program = blockWith('docs/api.md', 'js', 'oidc_role_arn');
    await checkOidcRoleArn({ environment: block, program }, world);
  },
);

const smokeTest = shellRule(
  'a smoke test that passes, and stops where the broker is wrong',
  /^ {2}check "is ready"/m,
  async (block, world) => {
    const checks = block.text.match(/^ {2}check /gm)?.length ?? 0;
    const environment = {
      BROKER_URL: world.broker.url,
      TOKEN: await world.token('app'),
      GRANT: 'user-files',
    };
    const { stdout } = await succeed(block, { environment });
    const stopped = await runShell(block.text, {
      environment: { ...environment, TOKEN: await world.token('app', { aud: 'another' }) },
    });

    expect(stdout.match(/^ok: /gm)).toHaveLength(checks);
    expect(stopped.code).toBe(1);
    expect(stopped.stdout).toContain('failed: refuses a target outside the grant: status 401');
    expect(stopped.stdout).not.toContain('issues a credential');
  },
);

const script = shellRule(
  'a script that uploads with the credential, and stops without one',
  /^ossutil /m,
  checkScript,
);

const ciJob = shellRule(
  'a step that gets a subject token, and stops without one',
  /ACTIONS_ID_TOKEN_REQUEST_URL/,
  checkCiJob,
);

const roles = shellRule('commands that make roles', /^aliyun ram /m, async (block) => {
  const { calls } = await succeed(block, {});

  expect(calls.length).toBeGreaterThan(0);
  for (const { name, args } of calls) {
    const policy = optionOf(args, '--PolicyDocument');
    const trust = optionOf(args, '--AssumeRolePolicyDocument');
    expect([name, args[0]]).toEqual(['aliyun', 'ram']);
    if (policy !== undefined) expect(readPolicy(policy).Statement.length).toBeGreaterThan(0);
    if (trust !== undefined) expect(readTrust(trust)).toHaveLength(1);
  }
});

const reportList = shellRule(
  'a list of what would be refused',
  /^jq .*\.reported.*audit\.log/m,
  async (block) => {
    const world = await startWorld({ config: completeConfig(REPORT_CONFIG) });
    const body = { Target: 'oss://app-media/users/42/inbox/', Permissions: ['write'] };
    for (const plan of ['free', 'pro']) {
      await world.broker.ask({ token: await world.token('app', { plan }), body });
    }
    const { stdout } = await succeed(block, { files: { 'audit.log': world.broker.log.text } });
    await world.close();

    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => toObject(JSON.parse(line))),
    ).toEqual([
      expect.objectContaining({
        grant: 'user-uploads',
        decision: 'refused',
        reason: 'no_grant_fits',
      }),
    ]);
  },
);

const commands = shellRule(
  'commands of the project',
  /^(?:export .*\n)?(?:[A-Z_]+=\S+ )*npm /,
  async (block) => {
    const { calls } = await succeed(block, {});
    const variables = [...block.text.matchAll(/\b([A-Z][A-Z_]+)=/g)].map(([, name = '']) => name);
    const deployment = PAGES.find(({ path }) => path === 'docs/deployment.md')?.text ?? '';

    expect(calls.length).toBeGreaterThan(0);
    expect(calls.map(problemOfCall).filter((problem) => problem !== undefined)).toEqual([]);
    expect(variables.filter((name) => !deployment.includes(`\`${name}\``))).toEqual([]);
  },
);

/** What is wrong with a command of the project; undefined if nothing is. */
function problemOfCall({ name, args }: ShellCall): string | undefined {
  const [verb, what = ''] = args.filter((arg) => arg !== '-s');
  const text = [name, ...args].join(' ');
  if (text === 's deploy') return existsSync(`${ROOT}s.yaml`) ? undefined : 'there is no s.yaml';
  if (text === 'node dist/main.cjs' || text === 'npm ci') return undefined;
  if (name !== 'npm') return `${text} is unknown`;
  const isScript = scripts.includes(verb === 'run' ? what : (verb ?? ''));
  return isScript ? undefined : `${text} is no script of package.json`;
}

export const SHELL_RULES: readonly Rule[] = [
  oidcRoleArn,
  smokeTest,
  request,
  script,
  ciJob,
  roles,
  reportList,
  commands,
];
