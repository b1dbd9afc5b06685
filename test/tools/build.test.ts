/** What a build does to the folder that it writes, whether it succeeds or not. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFolder } from '../../tools/replace-folder.ts';
import { ROOT } from '../docs/pages.ts';

/** The tools run in `project` below it. No test names a folder outside: a tool that is wrong deletes what it gets. */
let sandbox: string;
let project: string;

beforeEach(() => {
  sandbox = mkdtempSync(join(tmpdir(), 'build-'));
  project = join(sandbox, 'around', 'project');
  mkdirSync(project, { recursive: true });
});
afterEach(() => rmSync(sandbox, { recursive: true, force: true }));

const read = (name: string) => readFileSync(join(project, name), 'utf8');
function write(name: string, text: string): void {
  mkdirSync(dirname(join(project, name)), { recursive: true });
  writeFileSync(join(project, name), text);
}

/** Runs it where it finds no source, so that it fails. */
function buildInVain(tool: string, args: readonly string[] = []): Promise<string> {
  return new Promise((resolve) => {
    const program = ['--import', import.meta.resolve('tsx'), join(ROOT, tool), ...args];
    execFile(process.execPath, program, { cwd: project }, (error, _stdout, stderr) =>
      resolve(error === null ? 'it succeeded' : stderr),
    );
  });
}

describe.each([
  ['tools/build.ts', 'dist'],
  ['tools/build-package.ts', 'dist/package'],
])('%s', (tool, folder) => {
  it('leaves the last build as it is if it fails, and nothing half-done', async () => {
    write(`${folder}/main.cjs`, 'the last build');

    expect(await buildInVain(tool)).toMatch(/error/i);
    expect(read(`${folder}/main.cjs`)).toBe('the last build');
    expect(readdirSync(dirname(join(project, folder)))).toHaveLength(1);
  });

  it('does not take a folder of something else for a build', async () => {
    write('notes/keep.txt', 'not from a build');

    expect(await buildInVain(tool, ['notes'])).toContain('is not a folder of a build');
    expect(read('notes/keep.txt')).toBe('not from a build');
  });
});

describe('a folder that is replaced', () => {
  const out = () => join(project, 'built');
  const replace = (name: string) =>
    replaceFolder(out(), async (folder) => {
      writeFileSync(join(folder, name), name);
      writeFileSync(join(folder, 'LICENSES.txt'), '');
    });

  it('has what was written, and nothing from before', async () => {
    await replace('first');
    await replace('second');

    expect(readdirSync(out()).sort()).toEqual(['LICENSES.txt', 'second']);
    expect(readdirSync(project)).toEqual(['built']);
  });

  it('may be empty before', async () => {
    mkdirSync(out());
    await replace('first');

    expect(existsSync(join(out(), 'first'))).toBe(true);
  });

  it('is not there if the first build fails', async () => {
    const failing = replaceFolder(out(), async (folder) => {
      writeFileSync(join(folder, 'half'), '');
      throw new Error('the build fails');
    });

    await expect(failing).rejects.toThrow('the build fails');
    expect(readdirSync(project)).toEqual([]);
  });

  it.each(['built.partial', 'built.partial-notes', 'built.new'])(
    'leaves %s beside it alone, which no build made',
    async (beside) => {
      write(`${beside}/keep.txt`, 'not from a build');
      await replace('first');

      expect(readdirSync(out()).sort()).toEqual(['LICENSES.txt', 'first']);
      expect(readdirSync(project).sort()).toEqual(['built', beside]);
      expect(read(`${beside}/keep.txt`)).toBe('not from a build');
    },
  );

  it('is whole, from one of two builds, if they run at once', async () => {
    const slow = (name: string) =>
      replaceFolder(out(), async (folder) => {
        writeFileSync(join(folder, name), name);
        await new Promise((resolve) => setTimeout(resolve, 20));
        writeFileSync(join(folder, `${name}-too`), name);
      });
    await Promise.all([slow('first'), slow('second')]);

    const [name = ''] = readdirSync(out());
    expect(readdirSync(out())).toEqual([name, `${name}-too`]);
    expect(readdirSync(project)).toEqual(['built']);
  });

  it('may be read by whoever may read the folders beside it', async () => {
    await replace('first');
    write('beside/file', '');
    const modeOf = (name: string) => statSync(join(project, name)).mode;

    expect(modeOf('built')).toBe(modeOf('beside'));
  });

  it('is never the folder around, nor one that holds the project', async () => {
    write('keep.txt', 'not from a build');
    for (const folder of [project, dirname(project)]) {
      await expect(replaceFolder(folder, async () => {})).rejects.toThrow(
        'not a folder of a build',
      );
    }

    expect(read('keep.txt')).toBe('not from a build');
  });
});
