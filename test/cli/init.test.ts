/** `init`, as an operator runs it: with options, with questions on a terminal, and where files are in the way. */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valuesOf } from '../../src/init/answers.ts';
import { PRESETS } from '../../src/init/presets.ts';
import { type Cli, createCli } from '../support/cli.ts';

/** Gives a program a terminal. It is part of util-linux. */
const TERMINAL = 'script';
const hasTerminal =
  process.env['SKIP_NOTHING'] === '1' ||
  spawnSync(TERMINAL, ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
const GITHUB = [
  'github-actions',
  '--tenant',
  '1234567',
  '--bucket',
  'releases',
  '--account',
  '123456789012',
];

let cli: Cli;

beforeAll(async () => {
  cli = await createCli();
});

afterAll(() => cli.close());

const init = (...args: readonly string[]) => cli.run(['init', ...args]);
const at = (path: string) => join(cli.folder, path);

describe('init with options', () => {
  it.each(PRESETS.map((preset) => [preset.name, preset] as const))(
    'writes a config for %s in which check finds nothing',
    async (name, preset) => {
      const options = valuesOf(preset).flatMap(([option, { example }]) => [`--${option}`, example]);
      const { code, stdout } = await init(name, ...options, '--folder', `of-${name}`);
      const checked = await cli.run(['check', `of-${name}/broker.yaml`, '--strict']);

      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: `of-${name}/broker.yaml: written, for ${preset.title}\nof-${name}/s.yaml: written\n`,
      });
      expect(checked.stdout).toBe(`of-${name}/broker.yaml: 0 errors, 0 warnings, 0 notes\n`);
      expect(readFileSync(at(`of-${name}/s.yaml`), 'utf8')).toContain('      code: ../dist\n');
    },
  );

  it('writes to where it is called if no folder is named', async () => {
    expect(await init(...GITHUB)).toMatchObject({
      code: 0,
      stderr: `oss-token-broker: 1. Read the comments of broker.yaml. Then: oss-token-broker check broker.yaml
oss-token-broker: 2. See the roles that it needs: oss-token-broker setup broker.yaml --broker acs:ram::123456789012:role/oss-token-broker
oss-token-broker: 3. Build, in a copy of the project's source: npm ci && npm run build
oss-token-broker: 4. Add the config: oss-token-broker compile broker.yaml dist/broker.json; deploy beside s.yaml: s deploy
`,
    });
    expect(readFileSync(at('s.yaml'), 'utf8')).toContain('      code: ./dist\n');
  });

  it('tells the next commands, which work as they stand there', async () => {
    mkdirSync(at('dist'));
    const { stderr } = await init(...GITHUB, '--folder', 'steps');
    const commands = [...stderr.matchAll(/: oss-token-broker ([^;\n]+)/g)].map(([, words = '']) =>
      words.split(' '),
    );

    expect(commands.map(([name]) => name)).toEqual(['check', 'setup', 'compile']);
    for (const words of commands) expect(await cli.run(words)).toMatchObject({ code: 0 });
    expect(existsSync(at('dist/broker.json'))).toBe(true);
  });

  it.each([
    [[], 'Name the kind of issuer: auth0, okta,'],
    [['auth1'], '"auth1" is none of auth0, okta,'],
    [['auth0', 'okta'], 'Name one kind of issuer.'],
    [['google'], 'Without a terminal to ask on, give --audience: the audience (the client ID'],
    [[...GITHUB, '--issuer', 'https://a.example'], '--issuer has no meaning for github-actions.'],
    [[...GITHUB, '--origin', 'https://a.example'], '--origin has no meaning for github-actions.'],
    [[...GITHUB, '--region', 'Hangzhou'], '--region cannot be used. The region'],
    [[...GITHUB, '--audience', '${env:SECRET}'], '--audience cannot be used.'],
  ])('writes nothing for %j', async (args, sentence) => {
    const { code, stdout, stderr } = await init(...args, '--folder', 'nothing');

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(existsSync(at('nothing'))).toBe(false);
  });
});

describe('init where something is in the way', () => {
  it.each<[string, string, (path: string) => void]>([
    ['a file', 'broker.yaml', (path) => writeFileSync(path, 'mine')],
    ['a file', 's.yaml', (path) => writeFileSync(path, 'mine')],
    ['an empty file', 'broker.yaml', (path) => writeFileSync(path, '')],
    ['a link to nothing', 's.yaml', (path) => symlinkSync('nowhere', path)],
    ['a folder', 'broker.yaml', (path) => mkdirSync(path)],
    ['a folder', 's.yaml', (path) => mkdirSync(path)],
  ])('leaves %s at %s alone, and writes neither file', async (_what, name, make) => {
    const folder = `way-${readdirSync(cli.folder).length}`;
    mkdirSync(at(folder));
    make(at(`${folder}/${name}`));
    const { code, stdout, stderr } = await init(...GITHUB, '--folder', folder);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `oss-token-broker: ${folder}/${name} exists, and init never overwrites a file; --folder names another place\n`,
    );
    expect(readdirSync(at(folder))).toEqual([name]);
    expect(existsSync(at(`${folder}/nowhere`))).toBe(false);
  });

  it('keeps what is in a file that it would have written', async () => {
    mkdirSync(at('kept'));
    writeFileSync(at('kept/s.yaml'), 'mine');
    await init(...GITHUB, '--folder', 'kept');

    expect(readFileSync(at('kept/s.yaml'), 'utf8')).toBe('mine');
  });

  it('says that a folder cannot be made', async () => {
    writeFileSync(at('file'), '');

    expect(await init(...GITHUB, '--folder', 'file/in')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be written (ENOTDIR)'),
    });
  });
});

/** Runs it on a terminal of its own, and types a line whenever it asks. Undefined closes the terminal's input. */
function runOnTerminal(args: readonly string[], lines: readonly (string | undefined)[]) {
  const command = [process.execPath, cli.path, ...args].join(' ');
  const child = spawn(TERMINAL, ['-qec', command, '/dev/null'], {
    cwd: cli.folder,
    env: { PATH: process.env['PATH'] ?? '', TERM: 'dumb' },
  });
  let said = '';
  let asked = 0;
  return new Promise<{ readonly code: number | null; readonly said: string }>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const questions = said.match(/Which [^\n]*\? [^\n]*/g)?.length ?? 0;
      for (; asked < questions; asked++) {
        // ^D is the end of the input of a terminal
        child.stdin.write(lines[asked] === undefined ? '\u0004' : `${lines[asked]}\r`);
      }
    });
    child.once('close', (code) => resolve({ code, said }));
  });
}

describe.skipIf(!hasTerminal)('init on a terminal', () => {
  it('asks for what is not given, once more after a wrong answer, and takes the usual value for none', async () => {
    const { code, said } = await runOnTerminal(
      ['init', 'gitlab-ci', '--bucket', 'releases', '--folder', 'asked'],
      ['', '', 'my-group', '72', 'cn-shanghai', '123456789012'],
    );
    const text = readFileSync(at('asked/broker.yaml'), 'utf8');

    expect(code).toBe(0);
    expect(said).toContain('The ID of your group or user namespace (namespace_id) looks like 72.');
    expect(said).not.toContain('Which bucket');
    expect(text).toContain('issuer: https://gitlab.com\n');
    expect(text).toContain('{ claim: namespace_id, equals: "72" }');
    expect(text).toContain('region: cn-shanghai\n');
  });

  it('asks for the kind of issuer too', async () => {
    const { code } = await runOnTerminal(
      ['init', '--folder', 'kind'],
      [
        'Casdoor',
        'casdoor',
        'https://door.example.com',
        'abc',
        'app-media',
        '',
        '123456789012',
        '',
      ],
    );

    expect(code).toBe(0);
    expect(readFileSync(at('kind/broker.yaml'), 'utf8')).toContain('# cors: { origins:');
  });

  it('writes nothing if the input ends', async () => {
    const { code, said } = await runOnTerminal(['init', 'auth0', '--folder', 'ended'], [undefined]);

    expect(code).toBe(2);
    expect(said).toContain('Stopped. Nothing was written.');
    expect(existsSync(at('ended'))).toBe(false);
  });
});
