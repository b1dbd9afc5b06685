/** Where two grants share a place: keys that callers of both can get to. */
import { keyProblem } from '../grants/target.ts';
import type { Claims, Target } from '../ports.ts';
import { claimsIn } from './claim-space.ts';
import { sharedSpace } from './diff-grant.ts';
import type { Family, GrantReach } from './grant-reach.ts';
import { keysOf } from './key-language.ts';
import { intersect, isNothing } from './language.ts';
import { shortestText } from './language-texts.ts';
import type { Example, Prover } from './prover.ts';
import { ANY_RIGHT } from './rights.ts';

export interface SharedPlace {
  readonly families: readonly [Family, Family];
  /** One of the shortest places that both reach. */
  readonly place: Target;
  /** Who gets there by either grant. Absent: none was found, and that there are none is not shown either. */
  readonly examples?: readonly [Example, Example];
}

export interface Overlap {
  readonly places: readonly SharedPlace[];
  /** A caller whom both grants fit, who must then name the grant. Absent: there is none. */
  readonly sameCaller?: Claims;
}

/** Compares each target of one grant with each of the other. */
export function overlapOf(prover: Prover, one: GrantReach, other: GrantReach): Overlap {
  if (one.nothing !== undefined || other.nothing !== undefined) return { places: [] };
  const places = one.families.flatMap((left) =>
    other.families.flatMap((right): readonly SharedPlace[] => {
      if (left.template.bucket !== right.template.bucket) return [];
      const keys = intersect(keysOf(one.space, left), keysOf(other.space, right));
      if (isNothing(keys)) return [];
      const place = { bucket: left.template.bucket, key: shortestText(keys) ?? '' };
      // the shortest key of both is too long only if all are
      if (keyProblem(place.key)?.startsWith('is longer') === true) return [];
      const examples = bothExamples(
        exampleAt(prover, one, left, place),
        exampleAt(prover, other, right, place),
      );
      return [{ families: [left, right], place, ...examples }];
    }),
  );
  const space = one.issuer === other.issuer ? sharedSpace(one, other) : undefined;
  const sameCaller = space === undefined ? undefined : claimsIn(space);
  return { places, ...(sameCaller === undefined ? {} : { sameCaller }) };
}

function exampleAt(
  prover: Prover,
  reach: GrantReach,
  family: Family,
  place: Target,
): Example | undefined {
  return prover
    .waysTo(ANY_RIGHT, place, [reach])
    .find((way) => way.family === family && way.example !== undefined)?.example;
}

function bothExamples(
  one: Example | undefined,
  other: Example | undefined,
): Pick<SharedPlace, 'examples'> {
  return one === undefined || other === undefined ? {} : { examples: [one, other] };
}
