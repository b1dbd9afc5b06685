/** The issuer that a token claims is found as if its claims were parsed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findClaimedIssuer } from '../../src/subject-token/claimed-issuer.ts';
import { hostileString } from '../support/hostile-strings.ts';

const runs = { numRuns: Number(process.env['FC_RUNS'] ?? 500) };

describe('the claimed issuer', () => {
  it('is found in any JSON object as a parser finds it', () => {
    const value = fc.oneof(fc.jsonValue(), hostileString);
    const name = fc.oneof(fc.constantFrom('iss', 'is', 'iss ', '__proto__'), hostileString);
    const inner = fc.dictionary(name, value);
    const claims = fc.dictionary(name, fc.oneof(value, inner, fc.array(inner)));
    fc.assert(
      fc.property(claims, fc.constantFrom(0, 1, '\t', '\r\n'), (object, space) => {
        const parsed: unknown = Object.hasOwn(object, 'iss') ? object['iss'] : undefined;

        expect(findClaimedIssuer(JSON.stringify(object, null, space))).toBe(
          typeof parsed === 'string' ? parsed : undefined,
        );
      }),
      runs,
    );
  });

  it('is searched in any text without an error', () => {
    const piece = fc.oneof(
      fc.constantFrom('"iss"', ':', '{', '}', '[', ']', '"', '\\', ',', ' ', '"x"'),
      hostileString,
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(() => findClaimedIssuer(pieces.join(''))).not.toThrow();
      }),
      runs,
    );
  });

  it.each([
    '{"iss":1}',
    '{"iss":null,"x":"iss"}',
    '{"x":"iss"}',
    '["iss","a"]',
    '{"iss"',
    '{"iss":',
    '{"iss":"a',
    '{"iss":"\\x"}',
    '{"a":{"iss":"b"}}',
    '',
  ])('is not found in %s', (text) => {
    expect(findClaimedIssuer(text)).toBeUndefined();
  });
});
