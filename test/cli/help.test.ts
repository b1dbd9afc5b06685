/** What the program says of itself, and what it says of wrong arguments. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/commands.ts';
import { ANY_TOKEN, type Cli, createCli } from '../support/cli.ts';
import { memberAt } from '../support/declared.ts';

let cli: Cli;

beforeAll(async () => {
  cli = await createCli();
});

afterAll(() => cli.close());

describe('the help', () => {
  it.each([
    { name: 'program', args: ['--help'] },
    ...[...COMMANDS.keys()].map((name) => ({ name, args: [name, '--help'] })),
  ])('of $name is what it was', async ({ name, args }) => {
    const { code, stdout, stderr } = await cli.run(args);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it('has the short option too, and after other options', async () => {
    const { stdout } = await cli.run(['get', '--help']);

    expect((await cli.run(['get', '--grant', 'x', '-h'])).stdout).toBe(stdout);
    expect((await cli.run(['-h'])).stdout).toContain('Commands:');
  });

  it('names only options that the command takes', async () => {
    for (const name of COMMANDS.keys()) {
      const { stdout } = await cli.run([name, '--help']);
      const examples = stdout.split('Options:')[0] ?? '';
      const own = examples
        .split('\n')
        .flatMap((line) => /oss-token-broker \w+( .*)/.exec(line)?.[1]?.split(' -- ')[0] ?? []);
      const used = own
        .flatMap((text) => text.match(/ --[a-z-]+/g) ?? [])
        .filter((f) => !f.includes('unix-socket'));
      for (const flag of used) expect(stdout.split('Options:')[1]).toContain(flag.trim());
    }
  });
});

it('prints the version of the package', async () => {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  const { stdout } = await cli.run(['--version']);

  expect(stdout).toBe(`${memberAt(manifest, ['version'])}\n`);
});

describe('wrong arguments', () => {
  const BROKER = ['--broker', 'http://127.0.0.1:1'];
  it.each([
    [[], 'There is no command.'],
    [['put'], '"put" is no command.'],
    [['get', '--bogus'], "Unknown option '--bogus'."],
    [['get', '--grant'], '--grant'],
    [['get', '--grant', 'a', '--grant', 'b'], '--grant is given twice.'],
    [['get', '--grant='], '--grant is empty.'],
    [['get', 'oss://a/b'], '"oss://a/b" is not expected.'],
    [['get', '--format', 'yaml'], '--format is one of json, sh,'],
    [['get'], 'There is no broker.'],
    [['get', '--broker', 'broker.example.com'], '--broker must be a URL'],
    [['get', '--broker', 'http://broker.example.com'], '--broker must begin with https://'],
    [['get', '--broker', 'http://127.0.0.1.example.com'], '--broker must begin with https://'],
    [['get', '--broker', 'https://user:pass@broker.example.com'], 'must have no user'],
    [['get', '--broker', 'https://broker.example.com/?a=b'], 'must have no user'],
    [['get', '--format', 'aws-file', ...BROKER], '--output says where'],
    [['get', '--profile', 'a]\n[b', ...BROKER], '--profile has letters'],
    [['get', '--duration', '1d', ...BROKER], '--duration is a number of seconds'],
    [['get', '--token-stdin', '--token-env', 'A', ...BROKER], 'do not go together'],
    [['get', '--token-from', 'jenkins', ...BROKER], '--token-from is one of github-actions'],
    [['agent', '--listen', '0.0.0.0:8080', ...BROKER], '--listen is 127.0.0.1 or [::1]'],
    [['agent', '--listen', '192.168.0.1:8080', ...BROKER], '--listen is 127.0.0.1 or [::1]'],
    [['agent', '--listen', '127.0.0.1:70000', ...BROKER], '--listen is 127.0.0.1 or [::1]'],
    [['agent', '--socket', 'a', '--variables-file', 'b', ...BROKER], '--socket goes with none'],
    [['url', '--uses', '0', ...BROKER], '--uses is a number from 1.'],
    [['url', '--life', 'long', ...BROKER], '--life is a number of seconds'],
    [['completion'], 'Name one shell'],
    [['completion', 'ksh'], '"ksh" is none of bash, zsh, fish.'],
  ])('%j end with code 2 and one sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await cli.run(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
  });

  it.each([
    [['get', '--token', ANY_TOKEN]],
    [['get', ANY_TOKEN]],
    [['get', `--token-env=${ANY_TOKEN}`]],
    [['get', '--token-command', `echo ${ANY_TOKEN}`]],
  ])('with a subject token are refused without quoting it: %j', async (args) => {
    const { code, stdout, stderr } = await cli.run(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('A subject token must not be an argument');
    expect(stderr).not.toContain(ANY_TOKEN.slice(0, 20));
  });

  it('with a subject token in the place of the command do not show it either', async () => {
    const { code, stderr } = await cli.run([ANY_TOKEN]);

    expect(code).toBe(2);
    expect(stderr).toContain('"[token]" is no command.');
  });

  it('of exec end with code 125, as those of timeout and env do', async () => {
    const without = await cli.run(['exec', 'ls'], {
      environment: { OSS_TOKEN_BROKER_URL: 'http://127.0.0.1:1' },
    });
    const empty = await cli.run(['exec', '--']);

    expect(without).toMatchObject({ code: 125, stdout: '' });
    expect(without.stderr).toContain('The program stands behind "--".');
    expect(empty).toMatchObject({ code: 125, stdout: '' });
  });
});
