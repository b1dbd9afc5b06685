/** The quick start of the README: `npm run dev` starts, and the walk that it prints leads where it says. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toObject } from '../support/declared.ts';
import { ROOT } from './pages.ts';
import { missingPrograms } from './shell.ts';

const { scripts } = toObject(JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')));
/** Where the walk begins and ends. */
const WALK = /Paste these[^\n]*\n([\s\S]*)\n[^\n]*Ctrl\+C/;

let dev: ChildProcess;
let walk = '';

beforeAll(async () => {
  const [, script = ''] = /^tsx (\S+)$/.exec(String(toObject(scripts)['dev'])) ?? [];
  dev = spawn(process.execPath, [`${ROOT}node_modules/tsx/dist/cli.mjs`, script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  walk = await new Promise<string>((resolve, reject) => {
    dev.stdout?.on('data', (chunk) => {
      said += chunk;
      const [, lines] = WALK.exec(said) ?? [];
      if (lines !== undefined) resolve(lines);
    });
    dev.once('exit', () => reject(new Error(`it ended: ${said}`)));
  });
});

afterAll(() => {
  dev.kill();
});

describe.skipIf(missingPrograms('curl ').length > 0)('the walk of npm run dev', () => {
  it('uploads with a credential, and shows three refusals', async () => {
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', walk], {
      cwd: ROOT,
    });
    const [credential = '', ...outcomes] = stdout.trimEnd().split('\n');

    expect(toObject(JSON.parse(credential))).toMatchObject({ StatusCode: 200 });
    expect(outcomes.slice(0, -1)).toEqual([
      '200 users/alice/hello.txt',
      '403 AccessDenied users/bob/hello.txt',
      '403 AccessDenied users/alice2/hello.txt',
    ]);
    expect(JSON.parse(outcomes.at(-1) ?? '')).toMatchObject({ code: 'target_outside_grant' });
  });
});
