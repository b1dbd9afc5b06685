/** Generates small configs, claims and targets from few words, so that they often meet. */
import type { AttributeRule, Condition, Grant, TrustedIssuer } from '../../src/config/config.ts';
import { parseTargetTemplate } from '../../src/config-loader/target-template.ts';
import { keyProblem } from '../../src/grants/target.ts';
import type { Claims, Target } from '../../src/ports.ts';
import { makeAttribute, makeGrammar, makeGrant, makeIssuer } from '../support/config.ts';
import { fc } from '../support/seeded.ts';

export const BUCKETS = ['app-media', 'app-media-2'];

const HASHED = { kind: 'custom', characters: 'a-z2-7', maxLength: 52 } as const;

/** Several read one claim, some with grammars that share few values or none. */
const ATTRIBUTES: readonly AttributeRule[] = [
  makeAttribute('sub', { grammar: makeGrammar('subject') }),
  makeAttribute('who', { claim: ['sub'], hash: true, grammar: HASHED }),
  makeAttribute('a'),
  makeAttribute('a2', { claim: ['a'] }),
  makeAttribute('few', {
    claim: ['a'],
    grammar: { kind: 'custom', characters: 'a-c.', maxLength: 2 },
  }),
  makeAttribute('ah', { claim: ['a'], hash: true, grammar: HASHED }),
  makeAttribute('b', { grammar: makeGrammar('path', 12) }),
  makeAttribute('wide', {
    claim: ['b'],
    grammar: { kind: 'custom', characters: '!-~', maxLength: 6 },
  }),
  makeAttribute('mail', { claim: ['o', 'e'], grammar: makeGrammar('email') }),
  makeAttribute('o'),
  makeAttribute('proto', { claim: ['__proto__', 'x'] }),
  makeAttribute('aud'),
];

const ISSUER_A: TrustedIssuer = makeIssuer({ attributes: ATTRIBUTES });
const ISSUER_B: TrustedIssuer = makeIssuer({
  name: 'partner',
  issuer: 'https://partner.example.com/',
  audiences: ['b', 'oss-token-broker'],
  attributes: ATTRIBUTES,
});
export const ISSUERS = [ISSUER_A, ISSUER_B];

const WORDS = [
  'a',
  'b',
  'c',
  'ab',
  'a.b',
  'ac',
  '.',
  '..',
  'users',
  'x-a',
  'a@b.c',
  'aa',
  '=',
] as const;
const word = fc.constantFrom(...WORDS);

const segment = fc.oneof(
  fc.constantFrom('users', 'a', 'b', 'ab', '...'),
  fc
    .tuple(
      fc.constantFrom('', '', '', 'x-', '.', 'a'),
      fc.constantFrom(...ATTRIBUTES.map(({ name }) => name)),
      fc.constantFrom('', '', '', '.', 'b', '\u0327', '\u0338'),
    )
    .map(([before, name, after]) => (name === 'b' ? '{b}' : `${before}{${name}}${after}`)),
);

const template = fc
  .tuple(
    fc.constantFrom(...BUCKETS),
    fc.array(segment, { maxLength: 3 }),
    fc.constantFrom('/', '/', ''),
  )
  .map(([bucket, segments, end]) =>
    parseTargetTemplate(
      `oss://${bucket}/${segments.length === 0 ? '' : segments.join('/') + end}`,
      {
        buckets: BUCKETS,
        attributes: ATTRIBUTES,
      },
    ),
  )
  .filter((parsed) => 'template' in parsed)
  .map(({ template: one }) => one);

const allowance = fc
  .tuple(
    template,
    fc.subarray(['read', 'write', 'list', 'delete'] as const, { minLength: 1 }),
    fc.constantFrom([], [], ['oss:GetObject'], ['oss:PutObjectAcl']),
  )
  .map(([target, permissions, actions]) => ({
    target,
    permissions: permissions.filter((one) => one !== 'list' || target.text.endsWith('/')),
    actions,
  }))
  .filter(({ permissions, actions }) => permissions.length + actions.length > 0);

const PATHS: readonly (readonly [string, ...string[]])[] = [
  ['sub'],
  ['a'],
  ['b'],
  ['o'],
  ['o', 'e'],
  ['o', 'x'],
  ['__proto__', 'x'],
  ['aud'],
  ['cnf'],
  ['jti'],
];

const claimValue = fc.oneof(
  { weight: 8, arbitrary: word },
  { weight: 1, arbitrary: fc.constantFrom(7, true, 2 ** 60) },
);

const comparison: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    claim: fc.constantFrom(...PATHS),
    operator: fc.constant('equals'),
    value: claimValue,
  }),
  fc.record({
    claim: fc.constantFrom(...PATHS),
    operator: fc.constant('in'),
    values: fc.array(claimValue, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    claim: fc.constantFrom(...PATHS),
    operator: fc.constant('contains'),
    value: claimValue,
  }),
  fc.record({
    claim: fc.constantFrom(...PATHS),
    operator: fc.constant('startsWith'),
    value: fc.constantFrom('a', 'x-', 'users', 'b/'),
  }),
  fc.record({
    claim: fc.constantFrom(...PATHS),
    operator: fc.constant('exists'),
    value: fc.boolean(),
  }),
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 8, arbitrary: comparison },
  { weight: 1, arbitrary: comparison.map((one): Condition => ({ ...one, mode: 'report' })) },
);

export const grant: fc.Arbitrary<Grant> = fc
  .record({
    issuer: fc.constantFrom('app', 'partner'),
    when: fc.array(condition, { maxLength: 2 }),
    first: allowance,
    others: fc.array(allowance, { maxLength: 2 }),
    https: fc.boolean(),
    publicAcl: fc.constantFrom('deny' as const, 'allow' as const),
    isBoundToCaller: fc.boolean(),
    state: fc.constantFrom({}, {}, {}, {}, { disabled: true }, { mode: 'report' as const }),
  })
  .map(({ issuer, when, first, others, https, publicAcl, isBoundToCaller, state }) =>
    makeGrant({
      issuer,
      when,
      allow: [first, ...others],
      restrict: { https, ...(isBoundToCaller ? { sourceIp: 'caller' } : {}) },
      publicAcl,
      ...state,
    }),
  );

export const grants: fc.Arbitrary<readonly Grant[]> = fc
  .array(grant, { minLength: 1, maxLength: 3 })
  .map((list) => list.map((one, index) => ({ ...one, name: `grant-${index}` })));

const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: word },
  { weight: 5, arbitrary: fc.array(word, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(null, 7, true, {}, [7], ['a', 7], [true, 'a'], 'a/b', ['b/a']),
  },
);

/** As verification leaves them: `iss` comes with the issuer. */
export const claims: fc.Arbitrary<Claims> = fc
  .record(
    {
      sub: word,
      aud: fc.constantFrom('oss-token-broker', ['oss-token-broker'], ['oss-token-broker', 'a']),
      a: value,
      b: value,
      o: fc.oneof(value, fc.record({ e: value, x: value }, { requiredKeys: [] })),
      jti: word,
      proto: fc.record({ x: value }),
    },
    { requiredKeys: ['sub', 'aud'] },
  )
  .map(({ proto, ...members }) =>
    Object.fromEntries([
      ...Object.entries(members),
      ...(proto === undefined ? [] : [['__proto__', proto]]),
    ]),
  );

export const target: fc.Arbitrary<Target> = fc
  .tuple(fc.constantFrom(...BUCKETS), fc.array(word, { maxLength: 4 }), fc.constantFrom('/', ''))
  .map(([bucket, segments, end]) => ({
    bucket,
    key: segments.length === 0 ? '' : segments.join('/') + end,
  }))
  .filter(({ key }) => keyProblem(key) === undefined);
