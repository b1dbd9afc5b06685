/** The index finds what comparing every grant finds. */
import { describe, expect, it } from 'vitest';
import type { Condition, Grant } from '../../src/config/config.ts';
import { fitGrant } from '../../src/grants/fit-grant.ts';
import { indexGrants } from '../../src/grants/grant-index.ts';
import { matchGrant } from '../../src/grants/match-grant.ts';
import { RefusalError } from '../../src/refusal.ts';
import { makeAllowance, makeClaims, makeGrant, makeIssuer, makeToken } from '../support/config.ts';
import { fc } from '../support/seeded.ts';

const runs = { numRuns: Number(process.env['FC_RUNS'] ?? 3000) };

const value = fc.constantFrom<string | number | boolean>('a', 'b', '1', 1, 0, true, false, 2 ** 60);
const claim = fc.constantFrom(['plan'], ['org', 'id'], ['level'], ['__proto__']);
const mode = fc.constantFrom<{ mode?: 'report' }>({}, {}, { mode: 'report' });

const condition: fc.Arbitrary<Condition> = fc
  .tuple(
    claim,
    mode,
    fc.oneof(
      value.map((one) => ({ operator: 'equals' as const, value: one })),
      fc.array(value, { maxLength: 3 }).map((values) => ({ operator: 'in' as const, values })),
      value.map((one) => ({ operator: 'contains' as const, value: one })),
      fc.boolean().map((one) => ({ operator: 'exists' as const, value: one })),
      fc.constant({ operator: 'startsWith' as const, value: 'a' }),
    ),
  )
  .map(([[first = '', ...rest], modeOf, comparison]) => ({
    claim: [first, ...rest],
    ...modeOf,
    ...comparison,
  }));

const grants = fc
  .array(
    fc.record({
      issuer: fc.constantFrom('app', 'app', 'app', 'other'),
      when: fc.array(condition, { maxLength: 3 }),
      needsUser: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  .map((list) =>
    list.map(({ issuer, when, needsUser }, index) =>
      makeGrant({
        name: `grant-${index}`,
        issuer,
        when,
        allow: [makeAllowance(`oss://app-media/${index}/${needsUser ? '{user}/' : ''}`)],
      }),
    ),
  );

const claims = fc
  .record(
    {
      sub: fc.constantFrom('user-1', 'a/b'),
      plan: fc.oneof(value, fc.array(value, { maxLength: 2 })),
      org: fc.oneof(value, fc.record({ id: value })),
      level: fc.oneof(value, fc.constant(null)),
    },
    { requiredKeys: ['sub'] },
  )
  .map((members) => makeToken({ issuer: makeIssuer(), claims: makeClaims(members) }));

/** Every grant compared in turn, as the definition of matching says. */
function compareEach(all: readonly Grant[], token: ReturnType<typeof makeToken>, name?: string) {
  return all
    .filter(({ issuer }) => issuer === token.issuer.name)
    .filter((grant) => name === undefined || grant.name === name)
    .map((grant) => fitGrant(grant, token.issuer, token.claims))
    .filter((fit) => fit.fits)
    .map(({ grant }) => grant.name);
}

function match(all: readonly Grant[], token: ReturnType<typeof makeToken>, grant?: string) {
  try {
    return [matchGrant(indexGrants(all), token, { grant }).grant.name];
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    const { refusal } = error;
    return refusal.reason === 'ambiguous_grant' ? refusal.grants : [];
  }
}

describe('the index of grants', () => {
  it('agrees with comparing every grant, whatever the grants and the claims', () => {
    fc.assert(
      fc.property(grants, claims, (all, token) => {
        expect(match(all, token)).toEqual(compareEach(all, token));
      }),
      runs,
    );
  });

  it('agrees for a named grant', () => {
    fc.assert(
      fc.property(grants, claims, fc.nat(8), (all, token, index) => {
        const name = `grant-${index}`;

        expect(match(all, token, name)).toEqual(compareEach(all, token, name));
      }),
      runs,
    );
  });

  it('gives one candidate of ten thousand that differ by one value', () => {
    const all = Array.from({ length: 10_000 }, (_, n) =>
      makeGrant({
        name: `grant-${n}`,
        when: [
          { claim: ['plan'], operator: 'equals', value: 'pro' },
          { claim: ['tenant'], operator: 'equals', value: `t-${n}` },
        ],
      }),
    );
    const token = makeToken({ claims: makeClaims({ sub: 'a', plan: 'pro', tenant: 't-77' }) });

    expect(
      indexGrants(all)
        .candidates(token)
        .map(({ name }) => name),
    ).toEqual(['grant-77']);
  });

  it('explains the first 100 grants of a refusal, and counts the rest', () => {
    const all = Array.from({ length: 250 }, (_, n) =>
      makeGrant({
        name: `grant-${n}`,
        when: [{ claim: ['tenant'], operator: 'equals', value: n }],
      }),
    );
    const index = indexGrants(all);
    const token = makeToken({ claims: makeClaims({ sub: 'a', tenant: 'none' }) });

    expect(() => matchGrant(index, token, {})).toThrow(
      expect.objectContaining({
        refusal: expect.objectContaining({
          reason: 'no_grant_fits',
          grantCount: 250,
          misfits: expect.objectContaining({ length: 100 }),
        }),
      }),
    );
  });
});
