/** Checks what an operator asserts about a config, and shows what breaks it. */
import type { Assertion } from '../config/assertion.ts';
import type { Config } from '../config/config.ts';
import { formatTarget } from '../grants/target.ts';
import type { Target } from '../ports.ts';
import { createProver, type Prover, type Way } from './prover.ts';
import { ANY_RIGHT, type Right, toRight } from './rights.ts';

/** Says for each assertion why it is broken, with claims that show it; undefined if it holds. */
export function checkAssertions(
  config: Pick<Config, 'buckets' | 'issuers' | 'grants'>,
  assertions: readonly Assertion[],
): readonly (string | undefined)[] {
  const prover = createProver(config);
  const everywhere = config.buckets.map(({ name }): Target => ({ bucket: name, key: '' }));
  return assertions.map((assertion) => {
    const right = rightOf(assertion);
    const places = assertion.target === undefined ? everywhere : [assertion.target];
    const among = prover.reaches.filter(({ grant }) => isMeant(assertion, grant));
    const isAnswer = (way: Way) =>
      assertion.kind === 'never' ? way.example !== undefined : isShownBy(way, assertion);
    const ways = findWays({ prover, right, places, among, isAnswer });
    return assertion.kind === 'never'
      ? describeWay(ways, right)
      : describeLack(assertion, ways, right, among);
  });
}

/** All ways up to the one that answers the question: a config has many grants, and one is often enough. */
function findWays(question: {
  readonly prover: Prover;
  readonly right: Right;
  readonly places: readonly Target[];
  readonly among: Prover['reaches'];
  readonly isAnswer: (way: Way) => boolean;
}): readonly Way[] {
  const { prover, right, places, among, isAnswer } = question;
  const ways: Way[] = [];
  for (const place of places) {
    for (const reach of among) {
      const found = prover.waysTo(right, place, [reach]);
      ways.push(...found);
      if (found.some(isAnswer)) return ways;
    }
  }
  return ways;
}

function isShownBy({ covers, example }: Way, { target }: Assertion): boolean {
  return example !== undefined && (covers === 'all' || target === undefined);
}

const FIX = '; change the grant, or the assertion';

function rightOf({ permission, action }: Assertion): Right {
  return toRight(permission ?? action ?? '') ?? ANY_RIGHT;
}

function isMeant(
  { issuer, grant }: Assertion,
  own: { readonly name: string; readonly issuer: string },
): boolean {
  return (issuer ?? own.issuer) === own.issuer && (grant ?? own.name) === own.name;
}

function describeWay(ways: readonly Way[], right: Right): string | undefined {
  // one with claims says more
  const way = ways.find(({ example }) => example !== undefined) ?? ways[0];
  if (way === undefined) return undefined;
  const { reach, family, example, why } = way;
  const { grant, issuer } = reach;
  const what = `is broken: the grant ${grant.name} gives callers of ${issuer.name} ${right.name}`;
  if (example === undefined) return `${what} on ${family.template.text} (${why})${FIX}`;
  const place = example.target === undefined ? family.template.text : formatTarget(example.target);
  return `${what} on ${place}, e.g. with the claims ${JSON.stringify(example.claims)}${FIX}`;
}

function describeLack(
  assertion: Assertion,
  ways: readonly Way[],
  right: Right,
  among: Prover['reaches'],
): string | undefined {
  if (ways.some((way) => isShownBy(way, assertion))) return undefined;
  const { target } = assertion;
  const place = target === undefined ? 'anywhere' : `on all of ${formatTarget(target)}`;
  const why = ways.find(({ covers }) => covers === 'all')?.why;
  if (why !== undefined) return `cannot be shown: ${right.name} ${place} (${why})${FIX}`;
  const off = among.flatMap(({ grant, nothing }) =>
    nothing === undefined ? [] : [`${grant.name}: ${nothing}`],
  );
  return `is broken: no caller can get ${right.name} ${place}${off.length === 0 ? '' : ` (${off.join(', ')})`}${FIX}`;
}
