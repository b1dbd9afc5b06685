/** The import rules report code that breaks them: each rule is tried with such code. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PROJECT = resolve('.');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-rules-'));
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'tsconfig.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The output of the import rules for a project with these files. */
function cruise(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const program = join(PROJECT, 'node_modules', '.bin', 'depcruise');
  const config = join(PROJECT, '.dependency-cruiser.cjs');
  return spawnSync(program, ['--config', config, 'src'], { cwd: folder, encoding: 'utf8' }).stdout;
}

const CLAIMS = { 'src/ports.ts': 'export interface Claims {}' };

describe('the import rules', () => {
  it('allow a part to import from a part below it', () => {
    const output = cruise({
      ...CLAIMS,
      'src/grants/a.ts': "import type { Claims } from '../ports.ts'; export type A = Claims;",
    });

    expect(output).toContain('no dependency violations found (2 modules');
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'a cycle, even of types only',
      {
        'src/grants/a.ts': "import type { B } from './b.ts'; export type A = B | 1;",
        'src/grants/b.ts': "import type { A } from './a.ts'; export type B = A | 2;",
      },
      'no-cycle',
    ],
    [
      'a step that imports a surface',
      {
        'src/limits/a.ts': "import '../api/native/b.ts';",
        'src/api/native/b.ts': 'export {};',
      },
      'not-in-allowed',
    ],
    [
      'a pure step that imports a library',
      { 'src/grants/a.ts': "import 'jose';" },
      'not-in-allowed',
    ],
    [
      'a pure step that reads files',
      { 'src/session-policy/../grants/a.ts': "import 'node:fs';" },
      'pure-parts-reach-nothing',
    ],
    [
      'an import of the SDK outside its folders',
      { 'src/api/native/a.ts': "import '@alicloud/credentials';" },
      'not-in-allowed',
    ],
    [
      'a part that is missing from the table',
      {
        ...CLAIMS,
        'src/utils/a.ts': "import type { Claims } from '../ports.ts'; export type A = Claims;",
      },
      'not-in-allowed',
    ],
    [
      'an import of the broker in the client kit, even of types only',
      {
        ...CLAIMS,
        'src/client/a.ts': "import type { Claims } from '../ports.ts'; export type A = Claims;",
      },
      'not-in-allowed',
    ],
    [
      'an import of Node in the client kit',
      { 'src/client/a.ts': "import 'node:buffer';" },
      'client-runs-in-browsers',
    ],
    [
      'an import of the simulator in src',
      {
        'src/broker.ts': "import '../simulator/a.ts';",
        'simulator/a.ts': 'export {};',
      },
      'not-in-allowed',
    ],
  ])('report %s', (_what, files, rule) => {
    expect(cruise(files)).toContain(`error ${rule}`);
  });
});
