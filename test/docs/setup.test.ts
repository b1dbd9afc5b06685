/** The walk of docs/setup.md, from a config to an account and back, with the built program and a simulated RAM. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { type Account, BROKER_ROLE, OPERATOR, startAccount } from '../setup/account.ts';
import { type Cli, createCli } from '../support/cli.ts';
import { README_CONFIG } from './configs.ts';
import { PAGES } from './pages.ts';
import { missingPrograms, runShell } from './shell.ts';

const PUBLIC = 'https://oss-cn-hangzhou.aliyuncs.com';
const page = PAGES.find(({ path }) => path === 'docs/setup.md');
const blocks = page?.blocks ?? [];
const steps = blocks.flatMap(({ language, text }, index) => {
  if (language !== 'sh') return [];
  const next = blocks[index + 1];
  return [{ text, output: next?.language === 'text' ? next.text : '' }];
});

let cli: Cli;
let account: Account;
let folder: string;

beforeAll(async () => {
  cli = await createCli();
  const { config } = loadConfig({ text: README_CONFIG.text, file: 'broker.yaml', environment: {} });
  account = await startAccount(config, BROKER_ROLE);
  folder = mkdtempSync(join(tmpdir(), 'setup-'));
});

afterAll(async () => {
  await account.close();
  await cli.close();
  rmSync(folder, { recursive: true });
});

it.skipIf(missingPrograms('').length > 0)('the walk goes as the page says', async () => {
  const { oss, cloud } = account.simulator;
  const config = README_CONFIG.text.replace(
    'app-media: { region: cn-hangzhou }',
    `app-media: { region: cn-hangzhou, endpoint: "${oss.url}" }`,
  );

  expect(steps).toHaveLength(4);
  for (const [index, { text, output }] of steps.entries()) {
    const run = await runShell(text.replace('--diff', `--diff --ram-endpoint ${account.ram.url}`), {
      folder,
      real: ['node'],
      ...(index === 0
        ? { programs: { 'oss-token-broker': cli.path }, files: { 'broker.yaml': config } }
        : {}),
      environment: {
        ALIBABA_CLOUD_ACCESS_KEY_ID: OPERATOR.accessKeyId,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: OPERATOR.accessKeySecret,
      },
    });

    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout.replaceAll(oss.url, PUBLIC)).toBe(output);
    const others = await account.replay(run.calls);
    for (const [, , , , bucket = ''] of others) {
      const name = bucket.slice('oss://'.length);
      const known = cloud.buckets.get(name);
      const rules = readFileSync(join(folder, 'setup.sh'), 'utf8');
      const corsOrigins = [...rules.matchAll(/<AllowedOrigin>([^<]*)</g)].map(
        ([, one = '']) => one,
      );
      if (known !== undefined) cloud.buckets.set(name, { ...known, corsOrigins });
    }
  }
});
