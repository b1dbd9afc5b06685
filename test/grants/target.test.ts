import { describe, expect, it } from 'vitest';
import {
  containsTarget,
  formatTarget,
  isPrefix,
  keyProblem,
  parseTarget,
} from '../../src/grants/target.ts';
import type { Target } from '../../src/ports.ts';
import { RefusalError } from '../../src/refusal.ts';
import { HOSTILE_STRINGS, hostileString } from '../support/hostile-strings.ts';
import { fc } from '../support/seeded.ts';

const numRuns = Number(process.env['FC_RUNS'] ?? 1000);

/** Undefined if the target is refused as malformed. Other errors are rethrown. */
function parseUnlessMalformed(text: string): Target | undefined {
  try {
    return parseTarget(text);
  } catch (error) {
    if (error instanceof RefusalError && error.refusal.reason === 'target_malformed') {
      return undefined;
    }
    throw error;
  }
}

function problemOf(text: string): string {
  try {
    parseTarget(text);
  } catch (error) {
    if (error instanceof RefusalError && error.refusal.reason === 'target_malformed') {
      return error.refusal.problem;
    }
  }
  return 'none';
}

describe('parseTarget', () => {
  it.each([
    ['oss://app-media/', 'app-media', ''],
    ['oss://app-media/users/1/', 'app-media', 'users/1/'],
    ['oss://app-media/users/1/a.txt', 'app-media', 'users/1/a.txt'],
    ['oss://abc/a b/é/用户/😀.jpg', 'abc', 'a b/é/用户/😀.jpg'],
    ['oss://abc/.../..a/.a/a./~', 'abc', '.../..a/.a/a./~'],
    [`oss://abc/${'x'.repeat(1023)}`, 'abc', 'x'.repeat(1023)],
    [`oss://${'b'.repeat(63)}/a`, 'b'.repeat(63), 'a'],
  ])('parses %s', (text, bucket, key) => {
    expect(parseTarget(text)).toEqual({ bucket, key });
  });

  it.each([
    ['', 'does not begin with oss://'],
    ['OSS://app-media/a', 'does not begin with oss://'],
    ['s3://app-media/a', 'does not begin with oss://'],
    [' oss://app-media/a', 'does not begin with oss://'],
    ['oss:/app-media/a', 'does not begin with oss://'],
    ['oss://app-media', 'has no "/" after the bucket'],
    ['oss:///a', 'does not name a valid bucket'],
    ['oss://ab/a', 'does not name a valid bucket'],
    [`oss://${'b'.repeat(64)}/a`, 'does not name a valid bucket'],
    ['oss://App-Media/a', 'does not name a valid bucket'],
    ['oss://-app/a', 'does not name a valid bucket'],
    ['oss://app-/a', 'does not name a valid bucket'],
    ['oss://app.media/a', 'does not name a valid bucket'],
    ['oss://app-*/a', 'does not name a valid bucket'],
    ['oss://app-media\n/a', 'does not name a valid bucket'],
    ['oss://me@app-media/a', 'does not name a valid bucket'],
    ['oss://app-media:80/a', 'does not name a valid bucket'],
    ['oss://app-media//', 'has an empty segment'],
    ['oss://app-media//a', 'has an empty segment'],
    ['oss://app-media/a//', 'has an empty segment'],
    ['oss://app-media/a//b', 'has an empty segment'],
    ['oss://app-media/.', 'has "." or ".." as a segment'],
    ['oss://app-media/../', 'has "." or ".." as a segment'],
    ['oss://app-media/a/..', 'has "." or ".." as a segment'],
    ['oss://app-media/a/./b', 'has "." or ".." as a segment'],
    ['oss://app-media/a/../b/', 'has "." or ".." as a segment'],
    ['oss://app-media/a*', 'contains "*", which is not allowed'],
    ['oss://app-media/a?', 'contains "?", which is not allowed'],
    ['oss://app-media/$a', 'contains "$", which is not allowed'],
    ['oss://app-media/{a}', 'contains "{", which is not allowed'],
    ['oss://app-media/a\\b', 'contains "\\", which is not allowed'],
    ['oss://app-media/%2e%2e/', 'contains "%", which is not allowed'],
    ['oss://app-media/a"', 'contains """, which is not allowed'],
    ['oss://app-media/a\n', 'contains the character U+000A, which is not allowed'],
    ['oss://app-media/\u202ea', 'contains the character U+202E, which is not allowed'],
    ['oss://app-media/a\u2028', 'contains the character U+2028, which is not allowed'],
    ['oss://app-media/\ue000', 'contains the character U+E000, which is not allowed'],
    ['oss://app-media/\ud800', 'contains a lone surrogate'],
    ['oss://app-media/e\u0301', 'is not in Unicode normal form C'],
    ['oss://app-media/\u212b', 'is not in Unicode normal form C'],
    [`oss://app-media/${'x'.repeat(1024)}`, 'is longer than 1023 bytes'],
    [`oss://app-media/${'用'.repeat(342)}`, 'is longer than 1023 bytes'],
  ])('refuses %j', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  it('either parses or refuses any text', () => {
    const text = fc.oneof(
      hostileString,
      hostileString.map((key) => `oss://app-media/${key}`),
      hostileString.map((bucket) => `oss://${bucket}/a`),
    );
    fc.assert(
      fc.property(text, (anything) => {
        const target = parseUnlessMalformed(anything);
        if (target === undefined) return;
        expect(formatTarget(target)).toBe(anything);
        expect(target.bucket).toMatch(/^[a-z0-9-]{3,63}$/);
        expect(keyProblem(target.key)).toBeUndefined();
      }),
      { numRuns },
    );
  });

  it('does not repeat the text in the refusal', () => {
    for (const text of HOSTILE_STRINGS.filter((hostile) => hostile.length > 3)) {
      expect(problemOf(`oss://canary-${text}/`)).not.toContain(text);
    }
  });

  it('is the inverse of formatTarget', () => {
    const segment = fc
      .string({ unit: fc.constantFrom(...'ab.-_@ é用'), minLength: 1, maxLength: 4 })
      .filter((text) => text !== '.' && text !== '..');
    const target = fc.record({
      bucket: fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,20}[a-z0-9]$/),
      key: fc
        .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
        .map(
          ([segments, ends]) => `${segments.join('/')}${ends && segments.length > 0 ? '/' : ''}`,
        ),
    });
    fc.assert(
      fc.property(target, (given) => {
        expect(parseTarget(formatTarget(given))).toEqual(given);
      }),
      { numRuns },
    );
  });
});

describe('containsTarget', () => {
  const at = (key: string, bucket = 'app-media') => ({ bucket, key });

  it.each([
    ['', ''],
    ['', 'a'],
    ['', 'a/'],
    ['users/1/', 'users/1/'],
    ['users/1/', 'users/1/a'],
    ['users/1/', 'users/1/a/b/'],
    ['a.txt', 'a.txt'],
  ])('finds that "%s" contains "%s"', (outer, inner) => {
    expect(containsTarget(at(outer), at(inner))).toBe(true);
    expect(containsTarget(at(outer), at(inner, 'app-media-2'))).toBe(false);
  });

  it.each([
    ['users/1/', ''],
    ['users/1/', 'users/'],
    ['users/1/', 'users/1'],
    ['users/1/', 'users/10/'],
    ['users/1/', 'users/10/a'],
    ['users/1/', 'Users/1/a'],
    ['users/1/', 'a/users/1/'],
    ['a', 'a/'],
    ['a', 'a/b'],
    ['a', 'ab'],
    ['a', ''],
  ])('finds that "%s" does not contain "%s"', (outer, inner) => {
    expect(containsTarget(at(outer), at(inner))).toBe(false);
  });

  it('is true if and only if the outer target contains every object of the inner one', () => {
    const key = fc.constantFrom('', 'a', 'a/', 'a/b', 'a/b/', 'ab', 'ab/', 'a/bc', 'A/');
    fc.assert(
      fc.property(key, key, (outer, inner) => {
        const objects = isPrefix(at(inner)) ? [`${inner}x`, `${inner}x/y`, inner] : [inner];
        const holds = (object: string) =>
          isPrefix(at(outer)) ? object.startsWith(outer) : object === outer;
        expect(containsTarget(at(outer), at(inner))).toBe(objects.every(holds));
      }),
    );
  });
});
