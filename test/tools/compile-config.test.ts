/** `npm run compile`, run as the operator runs it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { README_CONFIG } from '../docs/configs.ts';

/** The config of the README, with a bucket of its own for the partner. */
const CONFIG = README_CONFIG.text
  .replace('issuers:', '  partners: { region: cn-hangzhou }\nissuers:')
  .replace('app-media/partners/', 'partners/');
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'compile-'));
afterAll(() => rmSync(folder, { recursive: true }));

function compile(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`${ROOT}node_modules/tsx/dist/cli.mjs`, `${ROOT}tools/compile-config.ts`, ...args],
    { cwd: folder, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

describe('npm run compile', () => {
  it('writes the compiled config, into a new folder too, and prints what the config holds', () => {
    writeFileSync(join(folder, 'broker.yaml'), CONFIG);
    const { status, stdout, stderr } = compile('broker.yaml', 'dist/broker.json');
    const { revision } = JSON.parse(readFileSync(join(folder, 'dist/broker.json'), 'utf8'));

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      /^broker\.yaml: 2 buckets, 2 issuers, 2 grants, 2 targets; the largest session policy has \d+ of 2047 bytes \(grant user-files\)\ndist\/broker\.json: written, config [0-9a-f]{12}\n$/,
    );
    expect(stdout).toContain(revision.slice(0, 12));
  });

  it('prints warnings, and writes the config all the same', () => {
    writeFileSync(
      join(folder, 'warned.yaml'),
      CONFIG.replace('users/{user}/"', 'users/{user}"').replace(', list]', ']'),
    );
    const { status, stderr } = compile('warned.yaml', 'warned.json');

    expect(status).toBe(0);
    expect(stderr).toBe(
      'warning: warned.yaml:19:19 grants[0].allow[0].target: is one object, because it does not end with "/"; write "oss://app-media/users/{user}/" if a prefix is meant\n',
    );
  });

  it.each([
    [
      ['nowhere.yaml', 'x.json'],
      'nowhere.yaml cannot be read (ENOENT); name the config as the first argument\n',
    ],
    [['broker.yaml', 'broker.yaml/x.json'], 'broker.yaml/x.json cannot be written (EEXIST)\n'],
    [['broker.yaml'], 'usage: npm run compile -- broker.yaml dist/broker.json\n'],
  ])('ends with one sentence for %j', (args, expected) => {
    expect(compile(...args)).toEqual({ status: 1, stdout: '', stderr: expected });
  });

  it('writes nothing if the config has a problem', () => {
    writeFileSync(join(folder, 'bad.yaml'), 'region: X\n');

    expect(compile('bad.yaml', 'bad.json').status).toBe(1);
    expect(() => readFileSync(join(folder, 'bad.json'))).toThrow();
  });
});
