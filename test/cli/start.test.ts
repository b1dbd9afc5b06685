/** What the program loads when it starts: nothing that the command does not need, and never the broker. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli } from '../../tools/build-cli.ts';
import { ANY_TOKEN, type Cli, createCli } from '../support/cli.ts';

let cli: Cli;
let spy = '';

beforeAll(async () => {
  cli = await createCli();
  spy = cli.file(
    'spy.cjs',
    `process.once('exit', () => process.stderr.write('LOADED' + JSON.stringify(process.moduleLoadList) + '\\n'));`,
  );
});

afterAll(() => cli.close());

function runAlone(program: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: {},
  });
  return { code: status, stdout, stderr };
}

/** The modules of Node that a run has loaded and that Node itself does not load at its start. */
async function loadedBy(...args: readonly string[]): Promise<readonly string[]> {
  const listOf = async (all: readonly string[]) => {
    const { stderr } = await cli.run(all, {
      node: ['--require', spy],
      environment: { OSS_TOKEN_BROKER_URL: 'http://127.0.0.1:1', T: ANY_TOKEN },
    });
    const list: readonly string[] = JSON.parse(/LOADED(.*)/.exec(stderr)?.[1] ?? '[]');
    return list.map((name) => name.replace('NativeModule ', ''));
  };
  const names = await listOf(args);
  expect(names).toContain('fs');
  return ['http', 'https', 'tls', 'crypto', 'child_process', 'internal/deps/undici/undici'].filter(
    (name) => names.includes(name),
  );
}

describe('a start', () => {
  it('loads nothing of the network for help and for wrong arguments', async () => {
    expect(await loadedBy('--version')).toEqual([]);
    expect(await loadedBy('get', '--help')).toEqual([]);
    expect(await loadedBy('get', '--bogus')).toEqual([]);
  });

  it('loads one HTTP client for a request, and not that of fetch', async () => {
    expect(await loadedBy('get', '--token-env', 'T', '--timeout', '0')).toEqual(['http']);
  });

  it('says which file is missing if the commands for operators are, and helps callers all the same', async () => {
    mkdirSync(join(cli.folder, 'alone'));
    const alone = cli.file('alone/oss-token-broker.cjs', readFileSync(cli.path, 'utf8'));
    const run = (...args: readonly string[]) => runAlone(alone, args);
    const missing =
      'oss-token-broker: The commands for operators are in operator.cjs, which must be beside this program.\n';

    expect(run('check', 'broker.yaml')).toEqual({ code: 1, stdout: '', stderr: missing });
    expect(run('init', '--help')).toEqual({ code: 1, stdout: '', stderr: missing });
    const help = run('--help');
    expect(help).toMatchObject({ code: 0, stderr: missing });
    expect(help.stdout).toContain('  get         prints a credential');
    expect(help.stdout).not.toContain('operators of a broker:');
    expect(run('get', '--help')).toMatchObject({ code: 0, stderr: '' });
    const completion = run('completion', 'bash');
    expect(completion).toMatchObject({ code: 0, stderr: '' });
    expect(completion.stdout).toContain('agent');
  });

  it('is that of one small file without the broker and without packages', async () => {
    const { caller: files } = await buildCli(join(cli.folder, 'again.cjs'));

    expect(files.filter((name) => !/^src\/(?:cli|lib)\//.test(name))).toEqual([]);
    expect(files).toContain('src/cli/main.ts');
  });
});
