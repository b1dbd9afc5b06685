/** Completion scripts, sourced by real shells. */
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/commands.ts';
import { type Cli, createCli } from '../support/cli.ts';

let cli: Cli;

beforeAll(async () => {
  cli = await createCli();
  cli.file('token.jwt', '');
  cli.file('two words.jwt', '');
});

afterAll(() => cli.close());

const isThere = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).error === undefined;

async function script(shell: string): Promise<string> {
  const { code, stdout, stderr } = await cli.run(['completion', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe.skipIf(!isThere('bash'))('in bash', () => {
  /** What is offered for the last of these words. */
  async function offered(...words: readonly string[]): Promise<readonly string[]> {
    const program = `eval "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _oss_token_broker; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const text = execFileSync(
      'bash',
      ['-c', program, 'bash', await script('bash'), 'oss-token-broker', ...words],
      { encoding: 'utf8', cwd: cli.folder },
    );
    return text.split('\n').filter((line) => line !== '');
  }

  it.each([
    [[''], [...COMMANDS.keys(), '--help', '--version']],
    [['ex'], [...COMMANDS.keys()].filter((name) => name.startsWith('ex'))],
    [['get', '--f'], ['--format']],
    [
      ['get', '--format', 'a'],
      ['aliyun', 'aws', 'aws-file'],
    ],
    [
      ['get', '-f', 'os'],
      ['ossutil', 'ossutil-file'],
    ],
    [
      ['explain', '--format', ''],
      ['text', 'json'],
    ],
    [
      ['get', '--token-f'],
      ['--token-file', '--token-from'],
    ],
    [
      ['get', '--token-from', ''],
      ['github-actions', 'gitlab', 'kubernetes'],
    ],
    [['agent', '--so'], ['--socket']],
    [['get', '--so'], []],
    [['get', '--grant', ''], []],
    [
      ['get', '--token-file', 't'],
      ['token.jwt', 'two words.jwt'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', '--help'],
    ],
    [['exec', '--', '--f'], []],
  ])('after %j offers %j', async (words, expected) => {
    expect([...(await offered(...words))].sort()).toEqual([...expected].sort());
  });
});

describe.skipIf(!isThere('zsh'))('in zsh', () => {
  it('is a function that the completion system takes, and that names all commands', async () => {
    const program = `autoload -Uz compinit && compinit -u -D && eval "$1" && print -r -- $_comps[oss-token-broker]`;
    const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', program, 'zsh', await script('zsh')], {
      encoding: 'utf8',
      cwd: cli.folder,
    });

    expect({ stdout, stderr }).toEqual({ stdout: '_oss_token_broker\n', stderr: '' });
  });

  it('offers the formats, as a person who presses the tab key sees them', async () => {
    const file = cli.file('completion.zsh', await script('zsh'));
    // a terminal of its own, since zsh completes only for a terminal
    const program = `
      zmodload zsh/zpty
      zpty -b shell zsh -f -i
      zpty -w shell "PS1='' ; autoload -Uz compinit && compinit -u -D; . ${file}; print READ''Y"
      zpty -r -m shell line '*READY*'
      zpty -w -n shell $'oss-token-broker get --format os\\t\\t'
      for i in {1..40}; do sleep 0.1; zpty -r -t shell line && print -r -- $line; done
      zpty -d shell`;
    const { stdout } = spawnSync('zsh', ['-f', '-c', program], {
      encoding: 'utf8',
      cwd: cli.folder,
      timeout: 20_000,
    });

    expect(stdout).toContain('ossutil');
  });
});

describe('in fish', () => {
  // offered by fish 3.6.0, which has read this script
  it('has one line for each command and each option', async () => {
    const text = await script('fish');
    const { stdout } = await cli.run(['agent', '--help']);
    const options = [...stdout.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name);

    expect(options.length).toBeGreaterThan(10);
    for (const name of options) {
      expect(text).toContain(`-n '__fish_seen_subcommand_from agent' -l ${name} `);
    }
    expect(text).toContain("-l socket -r -F -d 'listens");
  });
});
