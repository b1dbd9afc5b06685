/** What is called reachable is issued, and nothing else is: compared with the broker's own decisions. */
import { describe, expect, it } from 'vitest';
import { containsTarget, isPrefix } from '../../src/grants/target.ts';
import type { Claims, GrantedTarget, Target } from '../../src/ports.ts';
import { createLanguages } from '../../src/prove/grammar-language.ts';
import { createProver, type Prover } from '../../src/prove/prover.ts';
import { hasRight, type Right, toRight } from '../../src/prove/rights.ts';
import { fc, printSearch } from '../support/seeded.ts';
import { claims, grants, ISSUERS, target } from './arbitraries.ts';

const languages = createLanguages();

/** Set FC_RUNS=10000 to search longer. */
const numRuns = Number(process.env['FC_RUNS'] ?? 300);

const RIGHTS: readonly Right[] = [
  'read',
  'write',
  'list',
  'delete',
  'oss:PutObjectAcl',
  'oss:GetObject',
].map((name) => {
  const right = toRight(name);
  if (right === undefined) throw new Error(name);
  return right;
});
const right = fc.constantFrom(...RIGHTS);

type Reach = Prover['reaches'][number];

function isOff({ grant }: Reach): boolean {
  return grant.disabled === true || grant.mode === 'report';
}

/** Everything that the broker gives a caller with these claims who names the grant. */
function issued(prover: Prover, reach: Reach, own: Claims): readonly GrantedTarget[] {
  if (isOff(reach)) return [];
  const decision = prover.decideFor(reach, { claims: { ...own, iss: reach.issuer.issuer } });
  return decision.outcome === 'granted' ? decision.narrowed.allowances : [];
}

/** Whether the broker gives some of the right within the target. */
function gives(allowed: GrantedTarget, wanted: Right, place: Target): boolean {
  return (
    hasRight(allowed, wanted) &&
    (containsTarget(allowed.target, place) ||
      (isPrefix(place) && containsTarget(place, allowed.target))) &&
    (wanted.name !== 'list' || isPrefix(place))
  );
}

describe('what can ever be issued', () => {
  it('is issued by the broker for the claims of each example', () => {
    let examples = 0;
    fc.assert(
      fc.property(grants, right, target, (list, wanted, place) => {
        const prover = createProver({ issuers: ISSUERS, grants: list }, languages);
        for (const way of prover.waysTo(wanted, place)) {
          const { reach, family, example, covers, why } = way;
          if (example === undefined) {
            // only a hash cannot be inverted
            expect(why).toBe('it takes a claim with a certain SHA-256');
            expect(family.segments.some(({ attribute }) => attribute?.hash === true)).toBe(true);
            continue;
          }
          examples += 1;
          expect(isOff(reach)).toBe(false);
          expect(example.claims['iss']).toBe(reach.issuer.issuer);
          const decision = prover.decideFor(reach, example);
          if (decision.outcome === 'refused') throw decision.refusal;
          const allowed = decision.narrowed.allowances.filter((one) => gives(one, wanted, place));
          expect(allowed).not.toEqual([]);
          if (covers === 'all')
            expect(allowed.some((one) => containsTarget(one.target, place))).toBe(true);
        }
      }),
      { numRuns },
    );
    printSearch('what prove calls reachable', { 'examples issued': examples });
    expect(examples).toBeGreaterThan(numRuns / 10);
  });

  it('is all that any caller gets', () => {
    let found = 0;
    fc.assert(
      fc.property(
        grants,
        fc.array(claims, { minLength: 5, maxLength: 15 }),
        target,
        (list, callers, place) => {
          const prover = createProver({ issuers: ISSUERS, grants: list }, languages);
          for (const wanted of RIGHTS) {
            const ways = prover.waysTo(wanted, place);
            for (const reach of prover.reaches) {
              for (const own of callers) {
                const allowances = issued(prover, reach, own);
                for (const allowed of allowances) {
                  if (gives(allowed, wanted, place)) {
                    found += 1;
                    const known = ways.filter((way) => way.reach === reach);
                    expect(known.length).toBeGreaterThan(0);
                    if (containsTarget(allowed.target, place)) {
                      expect(known.some(({ covers }) => covers === 'all')).toBe(true);
                    }
                  }
                  if (!hasRight(allowed, wanted)) continue;
                  const own = prover.waysTo(wanted, allowed.target);
                  expect(own.some((way) => way.reach === reach && way.covers === 'all')).toBe(true);
                }
              }
            }
          }
        },
      ),
      { numRuns: Math.ceil(numRuns / 2) },
    );
    expect(found).toBeGreaterThan(numRuns / 10);
  });
});
