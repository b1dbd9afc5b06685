/** The examples of tools that speak S3. `exec --renew` serves them credentials, and they use OSS's S3-compatible endpoint. */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../programs/program.ts';
import { type Cli, createCli } from '../support/cli.ts';
import { checkUploads, type Example } from './support/check-uploads.ts';
import { EXAMPLES } from './support/install.ts';
import { type Command, run } from './support/run.ts';
import {
  type ClientWorld,
  CREDENTIAL_SECONDS,
  LARGE_BYTES,
  startClientWorld,
} from './support/world.ts';

const python = inject('s3');
const rclone = inject('rclone');
const packages = python?.environment['PYTHONPATH'] ?? '';
/** Real ones have TLS. The simulator is the proxy for it, and stands for it. */
const ENDPOINT = 'http://s3.oss-cn-hangzhou.aliyuncs.com';

let world: ClientWorld;
let cli: Cli;

beforeAll(async () => {
  world = await startClientWorld();
  cli = await createCli();
});

afterAll(async () => {
  await cli.close();
  await world.close();
});

const file = (name: string) => join(EXAMPLES, 's3', name);

/** What the example exports, and how a client gets from there to the simulator. */
function s3Environment(): Readonly<Record<string, string>> {
  const text = readFileSync(file('environment.sh'), 'utf8');
  const exported = [...text.matchAll(/\b(AWS_[A-Z_0-9]+)=(\S+)/g)];
  const proxy = world.broker.simulator.oss.url;
  return {
    ...Object.fromEntries(exported.map(([, name = '', value = '']) => [name, value])),
    AWS_ENDPOINT_URL_S3: ENDPOINT,
    ...{ HTTP_PROXY: proxy, http_proxy: proxy, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
  };
}

/** The program as a child of the command line, which serves it a credential. */
function throughExec(
  { BROKER_URL = '', GRANT = '', SUBJECT_TOKEN_FILE = '' }: Readonly<Record<string, string>>,
  { path, args, environment }: Command,
): Command {
  const options = ['--renew', '--grant', GRANT, '--token-file', SUBJECT_TOKEN_FILE];
  return {
    path: process.execPath,
    args: [cli.path, 'exec', ...options, '--', path, ...args],
    environment: { ...s3Environment(), OSS_TOKEN_BROKER_URL: BROKER_URL, ...environment },
  };
}

const example = (path: string, environment: Command['environment'] = {}): Example => ({
  hasMultipart: true,
  scheme: 's3',
  hasOwnRules: true,
  command: (caller, args) =>
    throughExec(caller, {
      path: path.endsWith('.py') ? (python?.path ?? '') : path,
      args: [...(path.endsWith('.py') ? [path] : []), ...args],
      environment: { ...python?.environment, ...environment },
    }),
});

describe.skipIf(python === null)('boto3', () => {
  checkUploads('boto3', () => world, example(file('upload.py')));
});

describe.skipIf(python === null)('s3fs', () => {
  checkUploads('s3fs', () => world, example(file('upload_s3fs.py')));
});

describe.skipIf(python === null)('the aws CLI', () => {
  const PATH = `${join(packages, 'bin')}:${process.env['PATH']}`;
  checkUploads('aws-cli', () => world, example(file('upload.sh'), { PATH }));
});

describe.skipIf(python === null)('DuckDB', () => {
  const isOfProgram = (line: string) => /^(?:wrote|read) /.test(line);

  function start(caller: Readonly<Record<string, string>>, user: string) {
    // it looks for extensions here, which pip has brought
    const home = join(world.folder, `duckdb-${user}`);
    mkdirSync(join(home, '.duckdb'), { recursive: true });
    symlinkSync(join(packages, 'duckdb_ext', 'extensions'), join(home, '.duckdb', 'extensions'));
    return run(
      throughExec(caller, {
        path: python?.path ?? '',
        args: [
          join(ROOT, 'test/clients/duckdb/behind_proxy.py'),
          ...[file('query.py'), `s3://app-media/users/${user}/`],
        ],
        environment: { ...python?.environment, HOME: home },
      }),
    );
  }

  it('writes and queries Parquet, and goes on when its credential has ended', async () => {
    const program = start(await world.environmentOf('duck'), 'duck');
    for (const name of ['a', 'b']) {
      program.write(name);
      await program.line(`wrote ${name}.parquet`);
      await new Promise((resolve) => setTimeout(resolve, CREDENTIAL_SECONDS * 1000));
    }
    const { code, stdout } = await program.end();
    const { calls } = world.broker.simulator.oss;
    const own = calls.filter(({ key }) => key.startsWith('users/duck/'));

    expect(code).toBe(0);
    expect(stdout.filter(isOfProgram).slice(2)).toEqual(['read 2000 999000']);
    expect(new Set(own.map(({ accessKeyId }) => accessKeyId)).size).toBe(3);
  });

  it('cannot write below the prefix of a neighbour', async () => {
    const program = start(await world.environmentOf('duck-curious'), 'duck-neighbour');
    program.write('a');
    const { code, stdout, stderr } = await program.end();

    expect(code).not.toBe(0);
    expect(stdout.filter(isOfProgram)).toEqual([]);
    expect(stderr).toContain('403');
  });
});

describe.skipIf(rclone === null)('rclone', () => {
  function start(caller: Readonly<Record<string, string>>, ...args: readonly string[]) {
    return run(
      throughExec(caller, {
        path: rclone?.path ?? '',
        args: ['--config', file('rclone.conf'), ...args],
        environment: { ...rclone?.environment, RCLONE_CONFIG_OSS_ENDPOINT: ENDPOINT },
      }),
    );
  }

  it('copies a folder, lists, reads, and copies again when the first credential has ended', async () => {
    const caller = await world.environmentOf('rclone');
    const place = 'oss:app-media/users/rclone/';
    const names = ['--include', 'small.txt', '--include', 'large.bin', '--s3-upload-cutoff', '5M'];
    const copied = await start(caller, 'copy', world.folder, place, ...names).end();
    const listed = await start(caller, 'lsf', '--format', 'ps', place).end();
    await new Promise((resolve) => setTimeout(resolve, CREDENTIAL_SECONDS * 1000));
    const read = await start(caller, 'cat', `${place}small.txt`).end();
    const { calls } = world.broker.simulator.oss;
    const own = calls.filter(({ key }) => key.startsWith('users/rclone/'));

    expect([copied.code, copied.stderr]).toEqual([0, '']);
    expect(listed.stdout).toEqual([`large.bin;${LARGE_BYTES}`, 'small.txt;5']);
    expect(read.stdout).toEqual(['hello']);
    expect(own.filter(({ method }) => method === 'POST')).toHaveLength(2);
    expect(new Set(own.map(({ accessKeyId }) => accessKeyId)).size).toBeGreaterThanOrEqual(2);
  });

  it('cannot copy below the prefix of a neighbour, and tells the code of a refusal', async () => {
    const caller = await world.environmentOf('rclone-curious');
    const place = 'oss:app-media/users/rclone-neighbour/';
    const names = ['--include', 'small.txt', '--retries', '1'];
    const copied = await start(caller, 'copy', world.folder, place, ...names).end();
    const refused = await start({ ...caller, GRANT: 'no-such-grant' }, 'lsf', place).end();

    expect(copied.code).not.toBe(0);
    expect(copied.stderr).toContain('AccessDenied');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('no_grant');
  });
});
