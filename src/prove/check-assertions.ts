/** Checks what an operator asserts about a config, and shows what breaks it. */
import type { Assertion } from '../config/assertion.ts';
import type { Config } from '../config/config.ts';
import { formatTarget } from '../grants/target.ts';
import type { Target } from '../ports.ts';
import { assertionsProblem, sizeProblem } from './proof-size.ts';
import { createProver, type Prover, type Way } from './prover.ts';
import { ANY_RIGHT, type Right, toRight } from './rights.ts';

/**
 * Says for each assertion why it is broken, with claims that show it; undefined if it holds. The prover
 * is made only for a config that is not too large.
 */
export function checkAssertions(
  config: Pick<Config, 'buckets' | 'issuers' | 'grants'>,
  assertions: readonly Assertion[],
  makeProver: (config: Pick<Config, 'issuers' | 'grants'>) => Prover = createProver,
): readonly (string | undefined)[] {
  const tooLarge = sizeProblem(config) ?? assertionsProblem(config, assertions);
  if (tooLarge !== undefined) return assertions.map(() => `cannot be checked: ${tooLarge}`);
  const prover = makeProver(config);
  const everywhere = config.buckets.map(({ name }): Target => ({ bucket: name, key: '' }));
  return assertions.map((assertion) => {
    const right = rightOf(assertion);
    const places = assertion.target === undefined ? everywhere : [assertion.target];
    const among = prover.reaches.filter(({ grant }) => isMeant(assertion, grant));
    const ways: Way[] = [];
    // one way with an example decides, and others need not be computed
    for (const reach of among) {
      for (const place of places) ways.push(...prover.waysTo(right, place, [reach]));
      if (ways.some((way) => decides(assertion, way))) break;
    }
    return assertion.kind === 'never'
      ? describeWay(ways, right)
      : describeLack(assertion, ways, right, among);
  });
}

/** Breaks what must never be, or shows what must always be. */
function decides({ kind, target }: Assertion, { example, covers }: Way): boolean {
  return example !== undefined && (kind === 'never' || covers === 'all' || target === undefined);
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
  if (ways.some((way) => decides(assertion, way))) return undefined;
  const { target } = assertion;
  const place = target === undefined ? 'anywhere' : `on all of ${formatTarget(target)}`;
  const why = ways.find(({ covers }) => covers === 'all')?.why;
  if (why !== undefined) return `cannot be shown: ${right.name} ${place} (${why})${FIX}`;
  const off = among.flatMap(({ grant, nothing }) =>
    nothing === undefined ? [] : [`${grant.name}: ${nothing}`],
  );
  return `is broken: no caller can get ${right.name} ${place}${off.length === 0 ? '' : ` (${off.join(', ')})`}${FIX}`;
}
