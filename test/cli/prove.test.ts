/** `prove`, as an operator or a pipeline runs it. docs/prove.md has the questions and their answers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { README_CONFIG } from '../docs/configs.ts';
import { type Cli, createCli } from '../support/cli.ts';

const CONFIG = README_CONFIG.text;
let cli: Cli;

beforeAll(async () => {
  cli = await createCli();
  cli.file('broker.yaml', CONFIG);
  cli.file('wider.yaml', CONFIG.replace('users/{user}/', 'users/').replace(', list]', ', delete]'));
  cli.file('moved.yaml', CONFIG.replaceAll('oss-uploader', 'oss-other'));
});

afterAll(() => cli.close());

const prove = (...args: readonly string[]) => cli.run(['prove', ...args]);

describe('prove', () => {
  it('names all that can ever be issued, each with claims that get it, and as data', async () => {
    const { code, stdout, stderr } = await prove('--format', 'json');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject([
      {
        grant: 'user-files',
        targets: [
          {
            target: 'oss://app-media/users/{user}/',
            permissions: ['read', 'write', 'list'],
            values: { user: 'claim sub: name, at most 64 characters' },
            example: { claims: { iss: 'https://login.example.com/', sub: 'a' } },
          },
        ],
      },
      { grant: 'acme-reports', conditions: ['client_id equals "reporting"'] },
    ]);
  });

  it('says that nobody can, and does not take that for a failure', async () => {
    const { code, stdout } = await prove('who-can', 'delete', 'oss://app-media/');

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'nobody can delete oss://app-media/, nor any part of it\n',
    });
  });

  it('tells who can write a part of a prefix from who can write all of it', async () => {
    const part = await prove('who-can', 'write', 'oss://app-media/users/');
    const all = await prove('who-can', 'write', 'oss://app-media/users/7/');

    expect(part.stdout).toContain('a part of it, by oss://app-media/users/{user}/');
    expect(all.stdout).toContain('all of it, by oss://app-media/users/{user}/');
  });

  it('ends with code 6 for a change, with both of its sides', async () => {
    const { code, stdout } = await prove('diff', 'broker.yaml', 'wider.yaml');

    expect(code).toBe(6);
    expect(stdout).toContain(
      '+ user-files: read, write, delete oss://app-media/users/ for callers of app\n',
    );
    expect(stdout).toContain(
      '- user-files: list oss://app-media/users/{user}/ for callers of app\n',
    );
  });

  it('writes a change as Markdown, and as data', async () => {
    const { stdout: page } = await prove(
      'diff',
      'broker.yaml',
      'wider.yaml',
      '--format',
      'markdown',
    );
    const { stdout: settings } = await prove(
      'diff',
      'broker.yaml',
      'moved.yaml',
      '--format',
      'markdown',
    );
    const { stdout: data } = await prove('diff', 'broker.yaml', 'wider.yaml', '--format', 'json');

    expect(page).toMatch(
      /^\| change \| grant \| callers of \| rights \| target \| example \|\n\| --- /,
    );
    expect(page).toContain(
      '| adds | `user-files` | `app` | `read` `write` `delete` | `oss://app-media/users/` |',
    );
    expect(settings).toContain(
      '| `user-files` | `role` | `acs:ram::123456789012:role/oss-uploader` | `acs:ram::123456789012:role/oss-other` |',
    );
    expect(JSON.parse(data)).toMatchObject({
      // a sub that is no name fits now too
      added: [
        { claim: 'sub', rights: ['read', 'write', 'delete'] },
        { rights: ['read', 'write', 'delete'] },
      ],
      removed: [{ rights: ['list'] }],
      changed: [],
    });
  });

  it('ends with code 0 if a change changes nothing', async () => {
    const { code, stdout } = await prove('diff', 'broker.yaml', 'broker.yaml');

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'the two configs issue the same to everybody\n',
    });
  });

  it('does not answer for a config with a broken assertion, and compile does not write it', async () => {
    cli.file('broken.yaml', `${CONFIG}assert: [{ never: { issuer: app, permission: list } }]\n`);
    const { code, stdout, stderr } = await prove('--config', 'broken.yaml');
    const compiled = await cli.run(['compile', 'broken.yaml', 'broken.json']);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      'assert[0].never: is broken: the grant user-files gives callers of app list',
    );
    expect(compiled.code).toBe(1);
    expect(compiled.stderr).toContain('assert[0].never: is broken');
  });

  it.each([
    [['why'], 2, 'The question is one of who-can, reach, overlap, diff.'],
    [['who-can', 'write'], 2, 'Name a permission and a target: who-can write oss://bucket/key.'],
    [
      ['who-can', 'fly', 'oss://b/'],
      2,
      'who-can takes read, write, list, delete or an OSS object action.',
    ],
    [['who-can', 'read', 'oss://app-media/*'], 2, 'The target contains "*", which is not allowed.'],
    [['reach', 'nobody'], 1, 'no grant is for the issuer nobody'],
    [['overlap', 'user-files', 'nothing'], 1, 'the config has no grant nothing'],
    [['overlap', 'user-files', 'user-files'], 2, 'overlap compares two different grants.'],
    [['--format', 'markdown'], 2, '--format markdown is for diff.'],
    [['diff', 'broker.yaml'], 2, 'Name two configs: diff old.yaml new.yaml.'],
    [['--config', 'nowhere.yaml'], 1, 'nowhere.yaml cannot be read (ENOENT); name the config'],
  ])('ends with one sentence for %j', async (args, code, sentence) => {
    const run = await prove(...args);

    expect({ code: run.code, stdout: run.stdout }).toEqual({ code, stdout: '' });
    expect(run.stderr).toContain(sentence);
  });
});
