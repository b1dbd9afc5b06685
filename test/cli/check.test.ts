/** `check`, as an operator and a pipeline run it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRANT, HEAD } from '../check/support.ts';
import { type Cli, createCli } from '../support/cli.ts';

let cli: Cli;

beforeAll(async () => {
  cli = await createCli();
});

afterAll(() => cli.close());

const check = (...args: readonly string[]) => cli.run(['check', ...args]);

describe('check', () => {
  it.each([
    ['nothing is found', '', [], 0],
    ['there are warnings', '    publicAcl: allow\n', [], 0],
    ['there are warnings and --strict', '    publicAcl: allow\n', ['--strict'], 6],
    ['the config does not load', '    publicAcl: perhaps\n', [], 6],
    [
      'a warning is silenced',
      '    publicAcl: allow # check-ignore public-acl: so be it\n',
      ['--strict'],
      0,
    ],
  ])('ends with the right code if %s', async (_when, more, options, code) => {
    cli.file('broker.yaml', `${HEAD}${GRANT}${more}`);

    expect(await check('broker.yaml', ...options)).toMatchObject({ code });
  });

  it('ends with code 6 for an error of its rules, without --strict', async () => {
    cli.file(
      'broker.yaml',
      `${HEAD}${GRANT}`.replace('https://login.example.com/', 'https://gitlab.com'),
    );
    const { code, stdout } = await check('broker.yaml');

    expect(code).toBe(6);
    expect(stdout).toContain('broker.yaml:10:5 error shared-issuer\n  grants[0].when: anybody can');
  });

  it('reads broker.yaml if no file is named, and says nothing on standard error', async () => {
    cli.file('broker.yaml', `${HEAD}${GRANT}`);

    expect(await check()).toEqual({
      code: 0,
      signal: null,
      stdout: 'broker.yaml: 0 errors, 0 warnings, 0 notes\n',
      stderr: '',
    });
  });

  it('prints every load error, and says that the rest comes later', async () => {
    cli.file(
      'broker.yaml',
      `${HEAD}${GRANT}    publicAcl: perhaps\n    mode: off\n    colour: red\n`,
    );
    const { stdout, stderr } = await check('broker.yaml');

    expect(stdout).toContain(
      'broker.yaml:14:16 error invalid-config\n  grants[0].publicAcl: must be deny or allow\n',
    );
    expect(stdout).toContain('broker.yaml: 3 errors, 0 warnings, 0 notes\n');
    expect(stderr).toBe('oss-token-broker: The other rules are applied once the config loads.\n');
  });

  it('prints JSON with every member of a finding', async () => {
    cli.file('broker.yaml', `${HEAD}${GRANT}    publicAcl: allow\n`);
    const { stdout } = await check('--format', 'json');

    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      file: 'broker.yaml',
      loads: true,
      counts: { error: 0, warning: 1, note: 0, silenced: 0 },
      findings: [
        {
          rule: 'public-acl',
          severity: 'warning',
          file: 'broker.yaml',
          line: 14,
          column: 16,
          path: 'grants[0].publicAcl',
          reason: expect.stringContaining('x-oss-object-acl'),
          fix: expect.stringContaining('remove publicAcl'),
        },
      ],
      silenced: [],
    });
  });

  it.each(['text', 'json', 'sarif', 'github'])(
    'prints no control characters of the file as %s, and no colours into a pipe',
    async (format) => {
      cli.file('broker.yaml', `${HEAD}${GRANT}"\\e[31mred\\u009b2J\\u202e": 1\n`);
      const { stdout } = await check('--format', format);

      expect(stdout).toContain('[31mred');
      expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    },
  );

  it.each([
    [['nowhere.yaml'], 1, 'nowhere.yaml cannot be read (ENOENT); name the config'],
    [['broker.json'], 2, 'A compiled config has no lines; name the broker.yaml of it.'],
    [['a.yaml', 'b.yaml'], 2, '"b.yaml" is not expected. See oss-token-broker check --help'],
    [
      ['--format', 'xml'],
      2,
      '--format is one of text, json, sarif, github. See oss-token-broker check --help',
    ],
  ])('ends with one sentence for %j', async (args, code, sentence) => {
    expect(await check(...args)).toMatchObject({
      code,
      stdout: '',
      stderr: `oss-token-broker: ${sentence}\n`,
    });
  });
});
