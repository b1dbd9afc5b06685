import { describe, expect, it } from 'vitest';
import { formatClaimPath, readClaim } from '../../src/grants/claims.ts';
import { parseJsonObject } from '../../src/lib/strict-json.ts';
import type { Claims } from '../../src/ports.ts';

/** Claims parsed as from a subject token. */
function fromJson(json: string): Claims {
  const parsed = parseJsonObject(Buffer.from(json));
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

describe('readClaim', () => {
  it.each<[string, readonly [string, ...string[]], unknown]>([
    ['{"sub":"a"}', ['sub'], 'a'],
    ['{"https://a.b/c.d":"x"}', ['https://a.b/c.d'], 'x'],
    ['{"a.b":1,"a":{"b":2}}', ['a.b'], 1],
    ['{"a.b":1,"a":{"b":2}}', ['a', 'b'], 2],
    ['{"a":{"b":{"c":[1]}}}', ['a', 'b', 'c'], [1]],
    ['{"a":null}', ['a'], null],
    ['{"":"x"}', [''], 'x'],
    ['{"__proto__":{"a":1}}', ['__proto__', 'a'], 1],
    ['{"constructor":"x"}', ['constructor'], 'x'],
  ])('reads from %s at %j', (json, path, value) => {
    expect(readClaim(fromJson(json), path)).toEqual(value);
  });

  it.each<[string, readonly [string, ...string[]]]>([
    ['{}', ['sub']],
    ['{"Sub":"a"}', ['sub']],
    ['{"a":null}', ['a', 'b']],
    ['{"a":"text"}', ['a', 'length']],
    ['{"a":"text"}', ['a', '0']],
    ['{"a":["x"]}', ['a', '0']],
    ['{"a":["x"]}', ['a', 'length']],
    ['{"a":1}', ['a', 'toFixed']],
    ['{"__proto__":{"team":"a"}}', ['team']],
    ['{}', ['__proto__']],
    ['{}', ['constructor', 'name']],
    ['{"a":{}}', ['a', 'hasOwnProperty']],
  ])('finds nothing in %s at %j', (json, path) => {
    expect(readClaim(fromJson(json), path)).toBeUndefined();
    // claims are safe to read even if they have a prototype
    expect(readClaim(JSON.parse(json), path)).toBeUndefined();
  });

  it('calls no getter', () => {
    const trap = Object.defineProperty({}, 'sub', {
      get() {
        throw new Error('the getter was called');
      },
    });
    expect(readClaim(trap, ['sub'])).toBeUndefined();
  });
});

describe('formatClaimPath', () => {
  it('formats a path as the config writes it', () => {
    expect(formatClaimPath(['a.b'])).toBe('"a.b"');
    expect(formatClaimPath(['a', 'b'])).toBe('["a","b"]');
  });
});
