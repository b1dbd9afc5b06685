import { describe, expect, it } from 'vitest';
import { createRoleSessionName } from '../../src/sts/role-session-name.ts';
import { makeIssuer, makeToken } from '../support/config.ts';
import { HOSTILE_STRINGS, harmlessString, hostileString } from '../support/hostile-strings.ts';
import { fc } from '../support/seeded.ts';

const nameOf = (subject: string, grant = 'user-files', issuer = 'https://login.example.com/') =>
  createRoleSessionName(makeToken({ subject, issuer: makeIssuer({ issuer }) }), grant);

/** What STS accepts: https://www.alibabacloud.com/help/en/ram/api-assumerole */
const ACCEPTABLE = /^[A-Za-z0-9.@_-]{2,64}$/;

describe('the role session name', () => {
  it('is the same for the same caller and grant, and begins with the subject', () => {
    expect(nameOf('ann@example.com')).toMatch(/^ann@example\.com-[a-z2-7]{26}$/);
    expect(nameOf('auth0|507f1f77bcf86cd799439011')).toMatch(/^auth0_507f1f77bcf86cd799-/);
    expect(nameOf('ann@example.com')).toBe(nameOf('ann@example.com'));
  });

  it('does not change between releases, since operators search logs for it', () => {
    expect(nameOf('user-1')).toMatchInlineSnapshot(`"user-1-qzpt3y4auauiww6ylallwxdd4s"`);
  });

  it('is accepted by STS for any subject', () => {
    for (const subject of HOSTILE_STRINGS) expect(nameOf(subject)).toMatch(ACCEPTABLE);
    fc.assert(
      fc.property(hostileString, hostileString, hostileString, (subject, grant, issuer) => {
        expect(nameOf(subject, grant, issuer)).toMatch(ACCEPTABLE);
      }),
    );
  });

  it.each([
    ['subject', nameOf('user-2')],
    ['case of the subject', nameOf('User-1')],
    ['grant', nameOf('user-1', 'user-file')],
    ['issuer', nameOf('user-1', 'user-files', 'https://login.example.com')],
  ])('differs for another %s', (_what, other) => {
    expect(other).not.toBe(nameOf('user-1'));
  });

  it('differs even if the readable part is the same', () => {
    const alike = [
      ['a|b', 'a:b', 'a b', 'a_b', 'a/b', 'a\0b', 'a用b'],
      ['é', 'e\u0301', '_', 'ı'],
      [`${'x'.repeat(24)}1`, `${'x'.repeat(24)}2`, 'x'.repeat(24)],
    ].flat();
    expect(new Set(alike.map((subject) => nameOf(subject))).size).toBe(alike.length);
  });

  it('differs even if issuer, subject and grant are equal when concatenated', () => {
    const names = [
      nameOf('bc', 'd', 'a'),
      nameOf('b', 'cd', 'a'),
      nameOf('c', 'd', 'ab'),
      nameOf('b:1:c', 'd', 'a'),
      nameOf('1:c', 'd', 'a1:b'),
      nameOf('a', 'bc', 'd'),
    ].map((name) => name.slice(name.lastIndexOf('-')));
    expect(new Set(names).size).toBe(names.length);
  });

  it('is never shared by two callers', () => {
    // verification refuses a subject with a lone surrogate
    const text = fc.oneof(hostileString, harmlessString).filter((part) => part.isWellFormed());
    const caller = fc.tuple(text, text, text);
    fc.assert(
      fc.property(caller, caller, (left, right) => {
        const areEqual = JSON.stringify(left) === JSON.stringify(right);
        expect(nameOf(...left) === nameOf(...right)).toBe(areEqual);
      }),
    );
  });
});
