/** Any text that the formats for shells quote is read back unchanged by a real shell. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellCommands } from '../../src/cli/formats/shells.ts';
import { hostileString } from '../support/hostile-strings.ts';
import { fc } from '../support/seeded.ts';

/** What a shell takes for the end of a quoted text, or for more than itself. */
const SYNTAX = [
  "'",
  '"',
  '\\',
  "'\\''",
  '\u2018',
  '\u2019',
  '\u201a',
  '\u201b',
  '$(',
  '`',
  '\n',
  '!',
  ';',
  'a',
];

const mostlySyntax = fc
  .array(fc.constantFrom(...SYNTAX), { maxLength: 8 })
  .map((all) => all.join(''));

/** A variable holds no NUL, and a lone surrogate is no text outside of JavaScript. */
const text = fc
  .oneof(hostileString, mostlySyntax)
  .map((value) => value.replaceAll('\0', '').toWellFormed());

/** As many in one shell as there is room for: an argument of a program has at most 128 KiB on Linux. */
const some = fc.array(text, { minLength: 1, maxLength: 40 });

const isThere = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).error === undefined;

/** Prints the variables behind each other, with a NUL after each. */
const PRINT = `for (const [name, value] of Object.entries(process.env)) if (/^V\\d+$/.test(name)) process.stdout.write(name + '=' + value + '\\0')`;

describe.each(['sh', 'bash', 'zsh'] as const)('%s', (shell) => {
  it.skipIf(!isThere(shell))(
    'reads every text back unchanged, and runs nothing of it',
    () => {
      fc.assert(
        fc.property(some, (values) => {
          const variables = Object.fromEntries(values.map((value, n) => [`V${n}`, value]));
          const script = `${shellCommands('sh', variables)}exec "$NODE" -e "$PRINT"\n`;
          const { stdout, stderr } = spawnSync(shell, ['-s'], {
            input: script,
            encoding: 'utf8',
            env: { PATH: process.env['PATH'], NODE: process.execPath, PRINT, LC_ALL: 'C.UTF-8' },
          });
          const seen = stdout
            .split('\0')
            .slice(0, -1)
            .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);

          expect(stderr).toBe('');
          expect(Object.fromEntries(seen)).toEqual(variables);
        }),
        { numRuns: 25 },
      );
    },
    120_000,
  );
});

describe('the other shells', () => {
  it('end a quoted text only where it ends', () => {
    fc.assert(
      fc.property(text, (value) => {
        const [fish = ''] = shellCommands('fish', { V: value }).split(/\n$/);
        const [power = ''] = shellCommands('powershell', { V: value }).split(/\n$/);

        expect(fish.slice(0, "set -gx V '".length)).toBe("set -gx V '");
        expect(readFish(fish.slice("set -gx V '".length))).toEqual([value, '']);
        expect(power.slice(0, "$env:V = '".length)).toBe("$env:V = '");
        expect(readPowerShell(power.slice("$env:V = '".length))).toEqual([value, '']);
      }),
    );
  });
});

/** The text in single quotes, and what is behind the closing quote, as fish reads it. */
function readFish(source: string): readonly [string, string] {
  let read = '';
  for (let at = 0; at < source.length; at++) {
    const next = source.charAt(at + 1);
    if (source[at] === "'") return [read, source.slice(at + 1)];
    if (source[at] === '\\' && (next === "'" || next === '\\')) at += 1;
    read += source[at];
  }
  return [read, 'never closed'];
}

/** The same for PowerShell, where five characters are a single quote. */
function readPowerShell(source: string): readonly [string, string] {
  const isQuote = (character: string) => /^['\u2018\u2019\u201a\u201b]$/.test(character);
  let read = '';
  for (let at = 0; at < source.length; at++) {
    if (isQuote(source.charAt(at))) {
      if (!isQuote(source.charAt(at + 1))) return [read, source.slice(at + 1)];
      at += 1;
    }
    read += source[at];
  }
  return [read, 'never closed'];
}
