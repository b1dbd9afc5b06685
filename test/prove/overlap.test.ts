/** Where two grants share a place: compared with what the broker gives two callers. */
import { describe, expect, it } from 'vitest';
import { containsTarget } from '../../src/grants/target.ts';
import type { Claims, GrantedTarget } from '../../src/ports.ts';
import { createLanguages } from '../../src/prove/grammar-language.ts';
import { overlapOf } from '../../src/prove/overlap.ts';
import { createProver, type Example, type Prover } from '../../src/prove/prover.ts';
import { fc, printSearch } from '../support/seeded.ts';
import { claims, grants, ISSUERS } from './arbitraries.ts';

/** Set FC_RUNS=10000 to search longer. */
const numRuns = Number(process.env['FC_RUNS'] ?? 150);
const languages = createLanguages();

type Reach = Prover['reaches'][number];

function given(prover: Prover, reach: Reach, example: Example): readonly GrantedTarget[] {
  if (reach.nothing !== undefined) return [];
  const claimed = { ...example.claims, iss: reach.issuer.issuer };
  const decision = prover.decideFor(reach, { ...example, claims: claimed });
  return decision.outcome === 'granted' ? decision.narrowed.allowances : [];
}

const all = (own: Claims): Example => ({ claims: own });

describe('the overlap of two grants', () => {
  it('is where two callers get to the same place, and nowhere else', () => {
    const counts = { shared: 0, apart: 0, 'shared by generated callers': 0, 'without examples': 0 };
    fc.assert(
      fc.property(grants, fc.array(claims, { minLength: 4, maxLength: 8 }), (list, callers) => {
        const prover = createProver({ issuers: ISSUERS, grants: list }, languages);
        const [one, other] = prover.reaches;
        if (one === undefined || other === undefined) return;
        const { places, sameCaller } = overlapOf(prover, one, other);
        counts[places.length > 0 ? 'shared' : 'apart'] += 1;

        for (const { place, examples, families } of places) {
          if (examples === undefined) {
            counts['without examples'] += 1;
            // nothing else is left open: a hash, or one claim in several places of a target
            const isOpen = families.some(({ segments }) => {
              const slots = segments.flatMap(({ attribute }) => attribute ?? []);
              const claimed = new Set(slots.map(({ claim }) => claim.join()));
              return slots.some(({ hash }) => hash) || claimed.size < slots.length;
            });
            expect(isOpen).toBe(true);
            continue;
          }
          for (const [index, reach] of [one, other].entries()) {
            const example = examples[index] ?? { claims: {} };
            const targets = given(prover, reach, example).map(({ target }) => target);
            expect(targets.some((target) => containsTarget(target, place))).toBe(true);
          }
        }
        const isShared = callers.some((left) =>
          given(prover, one, all(left)).some(({ target }) =>
            callers.some((right) =>
              given(prover, other, all(right)).some(
                (facing) =>
                  containsTarget(target, facing.target) || containsTarget(facing.target, target),
              ),
            ),
          ),
        );
        if (isShared) {
          counts['shared by generated callers'] += 1;
          expect(places).not.toEqual([]);
        }
        for (const own of callers) {
          const fitsBoth = [one, other].every((reach) => given(prover, reach, all(own)).length > 0);
          if (fitsBoth && one.issuer === other.issuer) expect(sameCaller).toBeDefined();
        }
        if (sameCaller !== undefined) {
          for (const reach of [one, other]) {
            expect(given(prover, reach, all(sameCaller))).not.toEqual([]);
          }
        }
      }),
      { numRuns },
    );
    printSearch('overlap', counts);
    expect(Math.min(counts.shared, counts.apart)).toBeGreaterThan(numRuns / 40);
  });
});
