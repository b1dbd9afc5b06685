/** Generates random grants, claims and narrowing requests for the property tests from claims to session policy. */
import fc from 'fast-check';
import type { AttributeRule, Grant, TrustedIssuer } from '../../src/config/config.ts';
import { parseTargetTemplate } from '../../src/config-loader/target-template.ts';
import { parseJsonObject } from '../../src/lib/strict-json.ts';
import type { Claims } from '../../src/ports.ts';
import { makeAttribute, makeGrammar, makeGrant, makeIssuer } from '../support/config.ts';
import { harmlessString, hostileString } from '../support/hostile-strings.ts';

/** One attribute of each grammar. `code` has the widest grammar that a config allows. */
const ATTRIBUTES: readonly AttributeRule[] = [
  makeAttribute('user'),
  makeAttribute('id', { grammar: makeGrammar('uuid') }),
  makeAttribute('mail', { claim: ['profile', 'mail'], grammar: makeGrammar('email') }),
  makeAttribute('sub', { grammar: makeGrammar('subject') }),
  makeAttribute('team', { grammar: makeGrammar('path') }),
  makeAttribute('code', { grammar: { kind: 'custom', characters: '!-~', maxLength: 32 } }),
  makeAttribute('who', {
    claim: ['user'],
    hash: true,
    grammar: { kind: 'custom', characters: 'a-z2-7', maxLength: 52 },
  }),
  makeAttribute('constructor', { claim: ['__proto__', 'constructor'] }),
];

export const ISSUER: TrustedIssuer = makeIssuer({ attributes: ATTRIBUTES });

export const BUCKETS = ['app-media', 'app-media-2'];

const literal = fc.constantFrom('users', 'u', '1', 'a b', '...', 'é');

const affix = fc.constantFrom('', '', '', '.', '..', 'u-', '-', '1');

const attributeSegment = fc
  .tuple(affix, fc.constantFrom(...ATTRIBUTES.map(({ name }) => name)), affix)
  .map(([before, name, after]) => (name === 'team' ? `{${name}}` : `${before}{${name}}${after}`));

/** Targets that a config may contain. Those that the config loader refuses are left out. */
const template = fc
  .tuple(
    fc.constantFrom(...BUCKETS),
    fc.array(fc.oneof(literal, attributeSegment), { maxLength: 3 }),
    fc.constantFrom('/', '/', ''),
  )
  .map(([bucket, segments, end]) => {
    const key = segments.length === 0 ? '' : `${segments.join('/')}${end}`;
    return parseTargetTemplate(`oss://${bucket}/${key}`, {
      buckets: BUCKETS,
      attributes: ATTRIBUTES,
    });
  })
  .filter((parsed) => 'template' in parsed)
  .map(({ template }) => template);

const allowance = fc
  .tuple(
    template,
    fc.subarray(['read', 'write', 'list', 'delete'] as const, { minLength: 1 }),
    fc.constantFrom([], [], [], ['oss:GetObjectTagging', 'oss:PutObjectAcl']),
  )
  .map(([target, permissions, actions]) => ({
    target,
    // the config loader refuses list on a single object
    permissions: permissions.filter((one) => one !== 'list' || target.text.endsWith('/')),
    actions,
  }))
  .filter(({ permissions, actions }) => permissions.length + actions.length > 0);

export const CALLER_ADDRESS = '203.0.113.7';

export const grant: fc.Arbitrary<Grant> = fc
  .record({
    first: allowance,
    others: fc.array(allowance, { maxLength: 2 }),
    https: fc.boolean(),
    publicAcl: fc.constantFrom('deny' as const, 'allow' as const),
    isBoundToCaller: fc.boolean(),
  })
  .map(({ first, others, https, publicAcl, isBoundToCaller }) =>
    makeGrant({
      allow: [first, ...others],
      restrict: { https, ...(isBoundToCaller ? { sourceIp: 'caller' } : {}) },
      publicAcl,
    }),
  );

/** Harmless text is twice as likely, since one bad attribute keeps a grant from fitting. */
const text = fc.oneof(
  { weight: 2, arbitrary: harmlessString },
  { weight: 1, arbitrary: hostileString },
);

const claimValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: text },
  { weight: 4, arbitrary: fc.array(text, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, 7, true, {}, [], [['a']], [7], ['a', null]) },
  { weight: 1, arbitrary: fc.record({ constructor: text, length: fc.constant(1), 0: text }) },
);

/** Claims parsed from JSON, as from a subject token, so that they can contain lone surrogates. */
export const claims: fc.Arbitrary<Claims> = fc
  .record(
    {
      user: claimValue,
      id: fc.oneof(claimValue, fc.uuid()),
      profile: fc.oneof(
        { weight: 4, arbitrary: fc.record({ mail: fc.oneof(text, fc.emailAddress()) }) },
        { weight: 1, arbitrary: claimValue },
      ),
      sub: claimValue,
      team: claimValue,
      code: claimValue,
      proto: fc.record({ constructor: claimValue }),
    },
    { requiredKeys: ['user', 'profile', 'sub', 'team', 'code'] },
  )
  .map((members) => {
    const json = JSON.stringify(members).replace('"proto":', '"__proto__":');
    const parsed = parseJsonObject(Buffer.from(json));
    if (!parsed.ok) throw new Error(`the claims ${parsed.problem}`);
    return parsed.value;
  });

/** Plans a narrowing request before the targets of the grant are known. `at` wraps around. */
export const askPlan = fc.record({
  target: fc.option(
    fc.oneof(
      fc.record({ at: fc.nat(3), below: fc.constantFrom('', '', 'a', 'a/', 'x/y.txt') }),
      fc.record({ at: fc.nat(3), below: hostileString }),
      fc.record({ at: fc.nat(3), beside: fc.constantFrom('', '0', '0/', '0/x', 'x/') }),
      fc.record({ bucket: fc.constantFrom(...BUCKETS, 'app-media-3'), key: hostileString }),
    ),
    { nil: undefined, freq: 2 },
  ),
  permissions: fc.option(fc.subarray(['read', 'write', 'list', 'delete'] as const), {
    nil: undefined,
    freq: 2,
  }),
});
