/** The permission policy of a role allows all that its grants can ever allow, and no part of it can go. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Allowance, Grant, Permission } from '../../src/config/config.ts';
import { evaluatePolicy } from '../../src/session-policy/evaluate.ts';
import { OBJECT_ACTIONS } from '../../src/session-policy/object-actions.ts';
import type { AccessRequest, RamPolicy } from '../../src/session-policy/ram-policy.ts';
import { renderSessionPolicy } from '../../src/session-policy/session-policy.ts';
import { permissionPolicy } from '../../src/setup/permission-policy.ts';
import { MAX_POLICY_CHARACTERS, splitPolicy } from '../../src/setup/split-policy.ts';

const PERMISSIONS: readonly Permission[] = ['read', 'write', 'list', 'delete'];

const keyPart = fc.oneof(
  fc.constantFrom('users/', 'a/', 'users/admin/', 'b/c/'),
  fc.constantFrom('user', 'team').map((attribute) => [{ attribute }, '/']),
);

const allowance: fc.Arbitrary<Allowance> = fc
  .record({
    bucket: fc.constantFrom('media', 'archive'),
    parts: fc.array(keyPart, { maxLength: 3 }),
    file: fc.option(fc.constantFrom('index.json', 'b'), { nil: undefined }),
    permissions: fc.subarray([...PERMISSIONS], { minLength: 1 }),
    actions: fc.subarray([...OBJECT_ACTIONS], { maxLength: 4 }),
  })
  .map(({ bucket, parts, file, permissions, actions }) => {
    const isObject = file !== undefined;
    const allowed = isObject ? permissions.filter((one) => one !== 'list') : permissions;
    return {
      target: { text: '', bucket, key: [...parts.flat(), ...(isObject ? [file] : [])] },
      permissions: allowed.length + actions.length === 0 ? ['read'] : allowed,
      actions,
    };
  });

const grant: fc.Arbitrary<Grant> = fc
  .record({
    allow: fc.array(allowance, { minLength: 1, maxLength: 4 }),
    https: fc.boolean(),
    sourceIp: fc.constantFrom(undefined, 'caller' as const, ['203.0.113.0/24']),
    publicAcl: fc.constantFrom('deny' as const, 'allow' as const),
  })
  .map(({ allow: [first, ...others], https, sourceIp, publicAcl }) => {
    if (first === undefined) throw new Error('no allowance');
    return {
      name: 'grant',
      issuer: 'app',
      when: [],
      role: 'acs:ram::123456789012:role/shared',
      allow: [first, ...others],
      duration: { defaultSeconds: 900, maxSeconds: 3600, strict: false },
      restrict: { https, ...(sourceIp === undefined ? {} : { sourceIp }) },
      publicAcl,
    };
  });

/** The session policy of a caller, and requests that it allows. */
function callerOf({ allow, restrict, publicAcl }: Grant, user: string, team: string) {
  const values: Readonly<Record<string, string>> = { user, team };
  const allowances = allow.map(({ target: { bucket, key }, permissions, actions }) => ({
    target: {
      bucket,
      key: key
        .map((part) => (typeof part === 'string' ? part : (values[part.attribute] ?? '')))
        .join(''),
    },
    permissions,
    actions,
  }));
  const { https, sourceIp } = restrict;
  const sourceIps = sourceIp === 'caller' ? ['203.0.113.7'] : sourceIp;
  const { policy } = renderSessionPolicy({
    allowances,
    https,
    publicAcl,
    ...(sourceIps === undefined ? {} : { sourceIps }),
  });
  const context = { 'acs:SecureTransport': 'true', 'acs:SourceIp': '203.0.113.7' };
  const requests = policy.Statement.flatMap(({ Effect, Action, Resource, Condition }) => {
    if (Effect === 'Deny') return [];
    const prefixes = [Condition?.['StringLike']?.['oss:Prefix'] ?? []].flat();
    return [Action ?? []].flat().flatMap((action) =>
      [Resource].flat().flatMap((pattern) => {
        const resource = pattern.replace('*:*', '*:1').replace(/\*$/, 'file');
        const listed = prefixes.length === 0 ? [undefined] : prefixes;
        return listed.map(
          (prefix): AccessRequest => ({
            action,
            resource,
            context: { ...context, 'oss:Prefix': prefix?.replace('*', 'x') },
          }),
        );
      }),
    );
  });
  return { policy, requests };
}

const allows = (policies: readonly RamPolicy[], request: AccessRequest) =>
  evaluatePolicy(policies, request) === 'Allow';

describe('the permission policy of a role', () => {
  it('allows every request that a session policy of one of its grants allows', () => {
    fc.assert(
      fc.property(fc.array(grant, { minLength: 1, maxLength: 3 }), (grants) => {
        const closure = splitPolicy(permissionPolicy(grants));
        for (const one of grants) {
          const { policy, requests } = callerOf(one, '42', 'blue.team');
          expect(requests.length).toBeGreaterThan(0);
          for (const request of requests) {
            expect(allows([policy], request)).toBe(true);
            expect(allows(closure, request), JSON.stringify(request)).toBe(true);
          }
        }
      }),
    );
  });

  it('loses a request of a grant with each statement, action and resource that is taken away', () => {
    fc.assert(
      fc.property(fc.array(grant, { minLength: 1, maxLength: 3 }), (grants) => {
        const { Statement } = permissionPolicy(grants);
        const requests = grants.flatMap((one) => callerOf(one, '42', 'blue').requests);
        for (const [index, statement] of Statement.entries()) {
          if (statement.Effect === 'Deny') continue;
          const parts = [statement.Action ?? [], statement.Resource].map((part) => [part].flat());
          const [actions = [], resources = []] = parts;
          const smaller = [
            ...actions.map((gone) => ({
              ...statement,
              Action: actions.filter((one) => one !== gone),
            })),
            ...resources.map((gone) => ({
              ...statement,
              Resource: resources.filter((one) => one !== gone),
            })),
          ];
          for (const less of smaller) {
            const rest = Statement.map((one, at) => (at === index ? less : one));
            const isLess = requests.some(
              (request) => !allows([{ Version: '1', Statement: rest }], request),
            );
            expect(isLess, JSON.stringify({ statement, less })).toBe(true);
          }
        }
      }),
    );
  });

  it('has a restriction only if every grant of the role has it', () => {
    fc.assert(
      fc.property(fc.array(grant, { minLength: 1, maxLength: 3 }), (grants) => {
        const text = JSON.stringify(permissionPolicy(grants));

        expect(text.includes('acs:SecureTransport')).toBe(
          grants.every(({ restrict }) => restrict.https),
        );
        expect(text.includes('acs:SourceIp')).toBe(
          grants.every(({ restrict }) => Array.isArray(restrict.sourceIp)),
        );
        if (grants.some(({ publicAcl }) => publicAcl === 'allow')) {
          expect(text).not.toContain('oss:x-oss-object-acl');
        }
      }),
    );
  });

  it('is split where it is too long for RAM, and allows the same then', () => {
    const names = Array.from(
      { length: 150 },
      (_none, index) => `folder-${index}-${'x'.repeat(60)}/`,
    );
    const [sample] = fc.sample(grant, { numRuns: 1, seed: 1 });
    if (sample === undefined) throw new Error('no grant');
    const grants = names.map((key): Grant => {
      const target = { text: '', bucket: 'media', key: [key] };
      return { ...sample, allow: [{ target, permissions: ['read', 'list'], actions: [] }] };
    });
    const whole = permissionPolicy(grants);
    const parts = splitPolicy(whole);

    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect(JSON.stringify(part).length).toBeLessThanOrEqual(MAX_POLICY_CHARACTERS);
    }
    for (const { requests } of grants.map((one) => callerOf(one, '42', 'blue'))) {
      for (const request of requests) expect(allows(parts, request)).toBe(true);
    }
    const outside = { action: 'oss:GetObject', resource: 'acs:oss:*:1:media/other/file' };
    expect(allows(parts, { ...outside, context: {} })).toBe(false);
  });
});
