import { describe, expect, it } from 'vitest';
import type { Allowance, AttributeRule, Grant, TrustedIssuer } from '../../src/config/config.ts';
import { renderSessionPolicy } from '../../src/session-policy/session-policy.ts';
import { worstCasePolicyBytes } from '../../src/session-policy/worst-case.ts';
import { fc } from '../support/seeded.ts';

function attribute(name: string, rule: Partial<AttributeRule> = {}): AttributeRule {
  return { name, claim: [name], hash: false, grammar: { kind: 'name', maxLength: 8 }, ...rule };
}

function issuerWith(...attributes: readonly AttributeRule[]): TrustedIssuer {
  return {
    name: 'app',
    issuer: 'https://login.example.com/',
    audiences: ['oss-token-broker'],
    keys: { kind: 'discovery' },
    algorithms: ['RS256'],
    types: ['jwt'],
    maxTokenAgeSeconds: 3600,
    clockToleranceSeconds: 30,
    attributes,
  };
}

function grantOf(
  allow: Grant['allow'],
  rest: Partial<Pick<Grant, 'restrict' | 'publicAcl'>> = {},
): Grant {
  return {
    name: 'uploads',
    issuer: 'app',
    when: [],
    role: 'acs:ram::123456789012:role/oss',
    allow,
    duration: { defaultSeconds: 900, maxSeconds: 3600, strict: false },
    restrict: { https: true },
    publicAcl: 'deny',
    ...rest,
  };
}

function allowance(key: Allowance['target']['key'], rest: Partial<Allowance> = {}): Allowance {
  return {
    target: { text: '', bucket: 'app-media', key },
    permissions: ['read', 'write', 'list'],
    actions: [],
    ...rest,
  };
}

/** Renders the grant for one caller. */
function renderFor(grant: Grant, values: Readonly<Record<string, string>>, callerIp: string) {
  const { https, sourceIp } = grant.restrict;
  return renderSessionPolicy({
    allowances: grant.allow.map(({ target, permissions, actions }) => ({
      target: {
        bucket: target.bucket,
        key: target.key
          .map((part) => (typeof part === 'string' ? part : (values[part.attribute] ?? '')))
          .join(''),
      },
      permissions,
      actions,
    })),
    https,
    publicAcl: grant.publicAcl,
    ...(sourceIp === undefined ? {} : { sourceIps: sourceIp === 'caller' ? [callerIp] : sourceIp }),
  });
}

const USER = { attribute: 'user' };
const TEAM = { attribute: 'team' };

describe('worstCasePolicyBytes', () => {
  it('is the length with the longest value', () => {
    const grant = grantOf([allowance(['users/', USER, '/'])]);
    const worst = worstCasePolicyBytes(grant, issuerWith(attribute('user')));
    expect(worst).toBe(renderFor(grant, { user: 'abcdefgh' }, '').bytes);
    expect(renderFor(grant, { user: 'abcdefg' }, '').bytes).toBeLessThan(worst);
  });

  it('assumes the longest caller address', () => {
    const restrict = { https: true, sourceIp: 'caller' } as const;
    const grant = grantOf([allowance(['users/', USER, '/'])], { restrict });
    const worst = worstCasePolicyBytes(grant, issuerWith(attribute('user')));
    const mapped = '0000:0000:0000:0000:0000:ffff:255.255.255.255';
    expect(worst).toBe(renderFor(grant, { user: 'abcdefgh' }, mapped).bytes);
  });

  it('uses configured addresses unchanged', () => {
    const restrict = { https: true, sourceIp: ['10.0.0.0/8', '2001:db8::/32'] };
    const grant = grantOf([allowance(['users/', USER, '/'])], { restrict });
    const worst = worstCasePolicyBytes(grant, issuerWith(attribute('user')));
    expect(worst).toBe(renderFor(grant, { user: 'abcdefgh' }, '').bytes);
  });

  it('assumes a different value for each of many attributes', () => {
    const names = Array.from({ length: 200 }, (_, at) => `attribute-${at}`);
    const issuer = issuerWith(...names.map((name) => attribute(name)));
    const first = { attribute: 'attribute-0' };
    for (const name of names.slice(1)) {
      const grant = grantOf([allowance([first, '/']), allowance([{ attribute: name }, '/'])]);
      const { bytes } = renderFor(grant, { 'attribute-0': 'abcdefgh', [name]: 'hgfedcba' }, '');
      expect(worstCasePolicyBytes(grant, issuer)).toBe(bytes);
    }
  });

  it.each([
    ['a hash has 52 characters', attribute('user', { hash: true }), 'a'.repeat(52)],
    [
      'a UUID has 36 characters',
      attribute('user', { grammar: { kind: 'uuid', maxLength: 64 } }),
      'a'.repeat(36),
    ],
    [
      'a character of a custom grammar may have three bytes',
      attribute('user', { grammar: { kind: 'custom', characters: 'a-z一-龥', maxLength: 8 } }),
      '龥'.repeat(8),
    ],
    [
      'a character of an ASCII-only custom grammar has one byte',
      attribute('user', { grammar: { kind: 'custom', characters: 'a-z ~', maxLength: 8 } }),
      'a'.repeat(8),
    ],
    [
      'a hash is ASCII for any grammar',
      attribute('user', {
        hash: true,
        grammar: { kind: 'custom', characters: '一-龥', maxLength: 8 },
      }),
      'a'.repeat(52),
    ],
  ])('knows that %s', (_what, rule, longest) => {
    const grant = grantOf([allowance(['users/', USER, '/'])]);
    const worst = worstCasePolicyBytes(grant, issuerWith(rule));
    expect(worst).toBe(renderFor(grant, { user: longest }, '').bytes);
  });

  it('covers statements that merge only if values differ', () => {
    const grant = grantOf([
      allowance(['users/', USER, '/'], { permissions: ['read'] }),
      allowance(['users/', USER, '/'], { permissions: ['write'] }),
      allowance(['common/'], { permissions: ['read', 'write'] }),
      allowance(['users/', TEAM, '/'], { permissions: ['delete'] }),
    ]);
    const unlike = renderFor(grant, { user: 'abcdefgh', team: 'hgfedcba' }, '').bytes;
    const alike = renderFor(grant, { user: 'abcdefgh', team: 'abcdefgh' }, '').bytes;
    expect(alike).toBeGreaterThan(unlike);
    const issuer = issuerWith(attribute('user'), attribute('team'));
    expect(worstCasePolicyBytes(grant, issuer)).toBeGreaterThanOrEqual(alike);
  });

  it('throws if a grant cannot be rendered', () => {
    const issuer = issuerWith(attribute('user'));
    expect(() => worstCasePolicyBytes(grantOf([allowance(['users/', USER])]), issuer)).toThrow(
      /cannot be listed$/,
    );
    expect(() => worstCasePolicyBytes(grantOf([allowance([TEAM, '/'])]), issuer)).toThrow(
      'attribute "team" is not defined',
    );
  });

  it('is never exceeded, even by values that are equal or contain each other', () => {
    const part = fc.constantFrom('a', 'a/', 'b/', '/', USER, TEAM);
    const someAllowance = fc
      .record({
        bucket: fc.constantFrom('bucket-1', 'bucket-2'),
        parts: fc.array(part, { maxLength: 3 }),
        permissions: fc.subarray(['read', 'write', 'list', 'delete'] as const, { minLength: 1 }),
        actions: fc.subarray(['oss:GetObject', 'oss:PutObjectTagging', 'oss:DeleteObject']),
      })
      .map(({ bucket, parts, permissions, actions }) => ({
        target: { text: '', bucket, key: parts.length === 0 ? [] : [...parts, '/'] },
        permissions,
        actions,
      }));
    const value = fc.constantFrom('a', 'b', 'aa', 'a/a', 'b/a', 'a/b');
    const issuer = issuerWith(
      attribute('user', { grammar: { kind: 'path', maxLength: 3 } }),
      attribute('team', { grammar: { kind: 'path', maxLength: 3 } }),
    );
    fc.assert(
      fc.property(
        fc.tuple(someAllowance, fc.array(someAllowance, { maxLength: 4 })),
        fc.record({ user: value, team: value }),
        ([first, others], values) => {
          const grant = grantOf([first, ...others], { restrict: { https: false } });
          const keys = grant.allow.map(({ target }) =>
            target.key.map((text) => (typeof text === 'string' ? text : '-')).join(''),
          );
          fc.pre(keys.every((key) => !key.startsWith('/') && !key.includes('//')));
          const { bytes } = renderFor(grant, values, '');
          expect(bytes).toBeLessThanOrEqual(worstCasePolicyBytes(grant, issuer));
        },
      ),
      { numRuns: Number(process.env['FC_RUNS'] ?? 2000) },
    );
  }, 600_000);
});
