/** The page about S3 tools: its variables must let the AWS SDK use the simulated OSS, and its other settings must agree. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { elementOf } from '../support/aws.ts';
import { useS3 } from '../support/s3-process.ts';
import type { Rule } from './rules.ts';
import { runShell, type ShellCall, syntaxProblem } from './shell.ts';
import type { World } from './world.ts';

const PAGE = 'docs/s3-tools.md';
const HOST = 's3.oss-cn-hangzhou.aliyuncs.com';
const REGION = 'cn-hangzhou';

const variables: Rule = {
  name: 'variables with which an S3 tool works, within its prefix only',
  covers: ({ page, language, text }) =>
    page === PAGE && language === 'sh' && /^aws s3 /m.test(text),
  async check({ text }, world) {
    const folder = mkdtempSync(join(tmpdir(), 's3-tool-'));
    try {
      const { environment } = await callOf(text, world, folder);
      const results = await useS3('42', {
        ...namesOf(environment, 'AWS_'),
        AWS_ENDPOINT_URL_S3: world.broker.simulator.oss.s3Url,
      });

      expect(environment['AWS_ENDPOINT_URL_S3']).toBe(`https://${HOST}`);
      expect(environment['AWS_DEFAULT_REGION']).toBe(environment['AWS_REGION']);
      expect(results).toMatchObject({
        put: 'hello',
        multipart: true,
        presign: 'hello',
        neighbour: expect.stringMatching(/^AccessDenied/),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

const webIdentity: Rule = {
  name: 'a request as AWS STS has it that the broker grants',
  covers: ({ language, text }) =>
    language === 'sh' && /^curl [\s\S]*AssumeRoleWithWebIdentity/m.test(text),
  async check({ text }, world) {
    expect(syntaxProblem(text)).toBe('');
    const environment = { BROKER_URL: world.broker.url, TOKEN: await world.token('app') };
    const { stdout } = await runShell(text, { environment });

    expect(elementOf(stdout, 'AccessKeyId')).toMatch(/^STS\./);
  },
};

const rclone: Rule = {
  name: 'variables of rclone for the same endpoint',
  covers: ({ language, text }) => language === 'sh' && /^rclone /m.test(text),
  async check({ text }, world) {
    const folder = mkdtempSync(join(tmpdir(), 'rclone-'));
    try {
      const { environment, args } = await callOf(text, world, folder);

      expect(args[2]).toMatch(/^oss:app-media\/users\/42\//);
      expect(namesOf(environment, 'RCLONE_')).toEqual({
        RCLONE_CONFIG_OSS_TYPE: 's3',
        RCLONE_CONFIG_OSS_PROVIDER: 'Alibaba',
        RCLONE_CONFIG_OSS_ENV_AUTH: 'true',
        RCLONE_CONFIG_OSS_ENDPOINT: HOST,
        RCLONE_CONFIG_OSS_REGION: REGION,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

const addressing: Rule = {
  name: 'a file of settings for boto3',
  covers: ({ page, language, text }) =>
    page === PAGE && language === 'ini' && text.includes('addressing_style'),
  check({ text }) {
    expect(text).toMatch(/^\[default\]\ns3 =\n {4}addressing_style = virtual\n$/);
  },
};

const duckdb: Rule = {
  name: 'a secret of DuckDB for the same endpoint',
  covers: ({ language, text }) => language === 'sql' && text.includes('CREATE SECRET'),
  check({ text }) {
    const options = [...text.matchAll(/\b([A-Z_]+) '([^']*)'/g)].map(([, name, value]) => [
      name,
      value,
    ]);

    expect(text).toMatch(/TYPE s3, PROVIDER credential_chain/);
    expect(Object.fromEntries(options)).toMatchObject({
      ENDPOINT: HOST,
      REGION,
      URL_STYLE: 'vhost',
    });
  },
};

/** The one call of a program that the block makes, with its environment. */
async function callOf(text: string, world: World, folder: string): Promise<ShellCall> {
  expect(syntaxProblem(text)).toBe('');
  const environment = { BROKER_URL: world.broker.url, TOKEN: await world.token('app') };
  const { code, stderr, calls } = await runShell(text, { environment, folder });
  const [call, another] = calls;
  expect({ code, stderr, another }).toEqual({ code: 0, stderr: '', another: undefined });
  if (call === undefined) throw new Error('the block calls no program');
  return call;
}

function namesOf(environment: Readonly<Record<string, string>>, prefix: string) {
  const entries = Object.entries(environment).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries);
}

export const S3_RULES: readonly Rule[] = [variables, webIdentity, rclone, addressing, duckdb];
