/** The walk of docs/doctor.md, with the built program against a simulated world. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { type Cli, createCli } from '../support/cli.ts';
import { certificateOf } from '../support/dated-certificate.ts';
import { toObject } from '../support/declared.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { README_CONFIG, toSimulated } from './configs.ts';
import { PAGES } from './pages.ts';
import { missingPrograms, runShell } from './shell.ts';
import { ISSUERS } from './world.ts';

const ORIGIN = 'https://app.example.com';
const blocks = PAGES.find(({ path }) => path === 'docs/doctor.md')?.blocks ?? [];
const steps = blocks.flatMap(({ language, text }, index) =>
  language === 'sh' ? [{ text, output: blocks[index + 1]?.text ?? '' }] : [],
);

let cli: Cli;
let simulator: Simulator;
let issuers: readonly TestIssuer[];
let folder: string;

beforeAll(async () => {
  cli = await createCli();
  simulator = await startSimulator({
    now: Date.now,
    buckets: ['app-media'],
    region: 'cn-hangzhou',
    corsOrigins: [ORIGIN],
  });
  issuers = [
    await createTestIssuer({ algorithms: ['RS256'] }),
    await createTestIssuer({ algorithms: ['ES256'] }),
  ];
  for (const issuer of issuers.slice(0, 1)) {
    const [key] = issuer.keys();
    const x5c = [certificateOf(key, '20260301000000Z', '99991231235959Z')];
    issuer.fault('jwks', {
      kind: 'body',
      text: JSON.stringify({ keys: [{ ...key.publicJwk, x5c }] }),
      headers: { 'last-modified': new Date(Date.now() - 12.5 * 86_400_000).toUTCString() },
    });
  }
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});

afterAll(async () => {
  await simulator.close();
  await Promise.all(issuers.map((issuer) => issuer.close()));
  await cli.close();
  rmSync(folder, { recursive: true });
});

it.skipIf(missingPrograms('').length > 0)('the walk goes as the page says', async () => {
  const [app, acme] = issuers.map(({ url }) => url);
  const config = toSimulated(toObject(parse(README_CONFIG.text)), {
    issuers: { [ISSUERS.app]: app ?? '', [ISSUERS.acme]: acme ?? '' },
    bucket: { endpoint: simulator.oss.url },
    corsOrigins: [ORIGIN],
  }).replaceAll('{{sts}}', simulator.sts.url);
  const { accessKeyId, accessKeySecret } = simulator.sourceCredentials;

  expect(steps).toHaveLength(3);
  for (const [index, { text, output }] of steps.entries()) {
    const run = await runShell(text, {
      folder,
      real: ['node'],
      ...(index === 0
        ? { programs: { 'oss-token-broker': cli.path }, files: { 'broker.yaml': config } }
        : {}),
      environment: {
        ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
      },
    });
    const seen = run.stdout
      .replaceAll(simulator.oss.url, 'https://oss-cn-hangzhou.aliyuncs.com')
      .replace(/\d s (?:ahead of|behind) STS/, '0 s ahead of STS');

    expect(run.code, run.stderr).toBe(0);
    expect(seen).toBe(output);
  }
});
