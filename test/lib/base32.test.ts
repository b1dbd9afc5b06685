import { describe, expect, it } from 'vitest';
import { base32 } from '../../src/lib/base32.ts';

describe('base32', () => {
  // RFC 4648 section 10
  it.each([
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi'],
  ])('encodes "%s" as "%s"', (text, expected) => {
    expect(base32(Buffer.from(text))).toBe(expected);
  });

  it('encodes every bit of long and extreme inputs', () => {
    expect(base32(new Uint8Array(32))).toBe('a'.repeat(52));
    expect(base32(new Uint8Array(30).fill(255))).toBe('7'.repeat(48));
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const bits = [...all].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const expected = (bits.match(/.{1,5}/g) ?? [])
      .map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five.padEnd(5, '0'), 2)])
      .join('');
    expect(base32(all)).toBe(expected);
  });
});
