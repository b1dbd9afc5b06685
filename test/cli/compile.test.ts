/** `compile`, as an operator runs it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { README_CONFIG } from '../docs/configs.ts';
import { type Cli, createCli } from '../support/cli.ts';

/** The config of the README, with a bucket of its own for the partner. */
const CONFIG = README_CONFIG.text
  .replace('issuers:', '  partners: { region: cn-hangzhou }\nissuers:')
  .replace('app-media/partners/', 'partners/');
let cli: Cli;

beforeAll(async () => {
  cli = await createCli();
});

afterAll(() => cli.close());

const compile = (...args: readonly string[]) => cli.run(['compile', ...args]);
const written = (name: string) => readFileSync(join(cli.folder, name), 'utf8');

describe('compile', () => {
  it('writes the compiled config, into a new folder too, and prints what the config holds', async () => {
    cli.file('broker.yaml', CONFIG);
    const { code, stdout, stderr } = await compile('broker.yaml', 'dist/broker.json');
    const { revision } = JSON.parse(written('dist/broker.json'));

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^broker\.yaml: 2 buckets, 2 issuers, 2 grants, 2 targets; the largest session policy has \d+ of 2047 bytes \(grant user-files\)\ndist\/broker\.json: written, config [0-9a-f]{12}\n$/,
    );
    expect(stdout).toContain(revision.slice(0, 12));
  });

  it('prints warnings, and writes the config all the same', async () => {
    cli.file(
      'warned.yaml',
      CONFIG.replace('users/{user}/"', 'users/{user}"').replace(', list]', ']'),
    );
    const { code, stderr } = await compile('warned.yaml', 'warned.json');

    expect(code).toBe(0);
    expect(stderr).toBe(
      'oss-token-broker: warning: warned.yaml:19:19 grants[0].allow[0].target: is one object, because it does not end with "/"; write "oss://app-media/users/{user}/" if a prefix is meant\n',
    );
    expect(written('warned.json')).toContain('"revision"');
  });

  it.each([
    [['nowhere.yaml', 'x.json'], 1, 'nowhere.yaml cannot be read (ENOENT); name the config'],
    [['broker.yaml', 'broker.yaml/x.json'], 1, 'broker.yaml/x.json cannot be written (EEXIST)'],
    [
      ['broker.yaml'],
      2,
      'Name the config, and the file to write. See oss-token-broker compile --help',
    ],
    [['a', 'b', 'c'], 2, '"c" is not expected. See oss-token-broker compile --help'],
  ])('ends with one sentence for %j', async (args, code, expected) => {
    cli.file('broker.yaml', CONFIG);

    expect(await compile(...args)).toMatchObject({
      code,
      stdout: '',
      stderr: `oss-token-broker: ${expected}\n`,
    });
  });

  it('writes nothing if the config has a problem', async () => {
    cli.file('bad.yaml', 'region: X\n');
    const { code, stderr } = await compile('bad.yaml', 'bad.json');

    expect(code).toBe(1);
    expect(stderr).toContain('bad.yaml:1:9 region: must be a region id');
    expect(() => written('bad.json')).toThrow();
  });
});
