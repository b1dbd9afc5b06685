/** The tables of docs/cli.md name what the command line has, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/commands.ts';
import { OPERATOR_NAMES } from '../../src/cli/operator/operator-names.ts';
import { EXIT } from '../../src/cli/system/cli-error.ts';
import { type Cli, createCli } from '../support/cli.ts';
import { PAGES } from './pages.ts';
import { namesIn, sectionOf } from './sections.ts';

const PAGE = 'docs/cli.md';
const page = PAGES.find(({ path }) => path === PAGE)?.text ?? '';

let cli: Cli;

beforeAll(async () => {
  cli = await createCli();
});

afterAll(() => cli.close());

/** The options, or the names of a list, in the help of a command. */
async function helpOf(command: string, pattern: RegExp): Promise<readonly string[]> {
  const { stdout } = await cli.run([command, '--help']);
  return [...stdout.matchAll(pattern)].map(([, name = '']) => name);
}

describe('the table', () => {
  it('of commands has every command for callers', () => {
    const names = [...COMMANDS.keys()].filter((name) => !OPERATOR_NAMES.some((o) => o === name));
    const shown = page.split('\n## ')[0]?.match(/^\| `(\w+)` \|/gm);

    expect(shown).toEqual(names.map((name) => `| \`${name}\` |`));
  });

  it('of commands for operators has every one', () => {
    expect(namesIn(sectionOf(PAGE, 'For operators'), 1)).toEqual(OPERATOR_NAMES);
  });

  it('of formats has every format', async () => {
    const [, list = ''] = (await cli.run(['get', '--help'])).stdout.split('Formats:\n');
    const formats = [...list.matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name);

    const rows = sectionOf(PAGE, 'Use the credential in this shell').replace('| `--format` |', '');

    expect(namesIn(rows, 1)).toEqual(formats);
    expect(formats).toHaveLength(9);
    expect(page).toContain('one of nine formats');
  });

  it('of sources has every option for a subject token', async () => {
    const options = await helpOf('get', /^ {2}(--token-[a-z]+)/gm);

    expect(namesIn(sectionOf(PAGE, 'Where the subject token comes from'), 1)).toEqual(options);
  });

  it('of exit codes has every code', () => {
    expect(namesIn(sectionOf(PAGE, 'When it fails'), 1)).toEqual(Object.values(EXIT).map(String));
  });
});
