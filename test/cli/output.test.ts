/** Files that `get` writes: for their owner only, whole, and never over a file of somebody else. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ANY_TOKEN,
  type Cli,
  createCli,
  credentialAnswer,
  startAnswering,
} from '../support/cli.ts';

let cli: Cli;
let broker: Awaited<ReturnType<typeof startAnswering>>;
let issued = 0;

beforeAll(async () => {
  broker = await startAnswering(() => {
    issued += 1;
    return { status: 200, body: credentialAnswer({ AccessKeyId: `STS.${issued}` }) };
  });
});

beforeEach(async () => {
  issued = 0;
  cli = await createCli();
});

afterEach(() => cli.close());

afterAll(() => broker.close());

const get = (...args: readonly string[]) =>
  cli.run(['get', '--token-env', 'T', ...args], {
    environment: { OSS_TOKEN_BROKER_URL: broker.url, T: ANY_TOKEN },
  });

const read = (name: string) => readFileSync(join(cli.folder, name), 'utf8');

describe('a configuration file', () => {
  it('of AWS SDKs is a profile of that name', async () => {
    const { code, stdout, stderr } = await get('-f', 'aws-file', '-o', 'aws', '--profile', 'oss');

    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^oss-token-broker: aws: created, valid until \S+Z\n$/);
    expect(read('aws')).toBe(
      [
        '# Written by oss-token-broker. Changes are lost.',
        '[oss]',
        'aws_access_key_id = STS.1',
        'aws_secret_access_key = secret',
        'aws_session_token = token',
        '',
      ].join('\n'),
    );
  });

  it('of ossutil has what ossutil needs to reach the bucket', async () => {
    await get('-f', 'ossutil-file', '-o', 'oss.conf');

    expect(read('oss.conf').split('\n').slice(1)).toEqual([
      '[default]',
      'mode = StsToken',
      'accessKeyID = STS.1',
      'accessKeySecret = secret',
      'stsToken = token',
      'region = cn-hangzhou',
      'endpoint = https://oss-cn-hangzhou.aliyuncs.com',
      '',
    ]);
  });

  it.each(['aws-file', 'ossutil-file', 'sh', 'fish', 'powershell'])(
    'is written again by a later call, which knows it: %s',
    async (format) => {
      await get('-f', format, '-o', 'out');
      const { code, stderr } = await get('-f', format, '-o', 'out');

      expect(code).toBe(0);
      expect(stderr).toContain('out: renewed,');
      expect(read('out')).toContain('STS.2');
    },
  );

  it('of JSON has no room for a mark, so that a later call must be told', async () => {
    await get('-o', 'out');
    const again = await get('-o', 'out');
    const told = await get('-o', 'out', '--overwrite');

    expect([again.code, told.code]).toEqual([1, 0]);
    expect(JSON.parse(read('out'))).toMatchObject({ AccessKeyId: 'STS.3' });
  });
});

describe('a file', () => {
  it.each([
    ['json', []],
    ['sh', []],
    ['aws-file', []],
    ['json', ['--overwrite']],
  ])('is for its owner only, and nothing is left beside it: %s %j', async (format, more) => {
    if (more.length > 0) cli.file('out', 'mine');
    const before = readdirSync(cli.folder);
    await get('--format', format, '--output', 'out', ...more);

    expect(statSync(join(cli.folder, 'out')).mode & 0o777).toBe(0o600);
    expect(readdirSync(cli.folder).sort()).toEqual([...new Set([...before, 'out'])].sort());
  });

  it('of somebody else is left alone without --overwrite, and replaced with it, which is said', async () => {
    cli.file('out', 'mine');
    const refused = await get('--format', 'aws-file', '--output', 'out');

    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('out exists, and this program did not write it');
    expect(read('out')).toBe('mine');

    const replaced = await get('--format', 'aws-file', '--output', 'out', '--overwrite');

    expect(replaced.code).toBe(0);
    expect(replaced.stderr).toContain('out: replaced,');
    expect(read('out')).toContain('aws_access_key_id');
  });

  it('behind a link is left alone; --overwrite replaces the link, not what it leads to', async () => {
    cli.file('real', 'mine');
    symlinkSync('real', join(cli.folder, 'out'));
    const refused = await get('--output', 'out');
    const replaced = await get('--output', 'out', '--overwrite');

    expect([refused.code, replaced.code]).toEqual([1, 0]);
    expect(lstatSync(join(cli.folder, 'out')).isFile()).toBe(true);
    expect(read('real')).toBe('mine');
  });

  it('cannot take the place of a folder, nor be in none', async () => {
    mkdirSync(join(cli.folder, 'folder'));
    const onFolder = await get('--output', 'folder', '--overwrite');
    const nowhere = await get('--output', 'none/out');

    expect([onFolder.code, nowhere.code]).toEqual([1, 1]);
    expect(onFolder.stderr).toContain('folder exists, and is not a file');
    expect(nowhere.stderr).toContain('none/out cannot be written (ENOENT)');
    expect(existsSync(join(cli.folder, 'none'))).toBe(false);
  });

  it('is not touched if the broker refuses', async () => {
    await get('-f', 'aws-file', '-o', 'aws');
    const before = read('aws');
    const environment = { OSS_TOKEN_BROKER_URL: 'http://127.0.0.1:1', T: ANY_TOKEN };
    const args = ['get', '--token-env', 'T', '--timeout', '0', '-f', 'aws-file', '-o', 'aws'];
    const { code } = await cli.run(args, { environment });

    expect(code).toBe(5);
    expect(read('aws')).toBe(before);
  });
});

describe('standard output', () => {
  it('that is closed ends the program with code 1 and a sentence', async () => {
    const running = cli.start(['get', '--token-env', 'T'], {
      environment: { OSS_TOKEN_BROKER_URL: broker.url, T: ANY_TOKEN },
    });
    running.child.stdout?.destroy();
    const { code, stderr } = await running.ended;

    expect(code).toBe(1);
    expect(stderr).toBe('oss-token-broker: Standard output is closed.\n');
  });
});
