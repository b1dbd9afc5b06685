/** The answers as lines for people. */
import type {
  DiffFacts,
  ExampleFacts,
  GrantFacts,
  OverlapFacts,
  PlaceFacts,
  SurplusFacts,
  WayFacts,
} from './facts.ts';

/** Colours a text, or leaves it as it is. */
export type Colour = (style: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string) => string;

export function grantsAsText(grants: readonly GrantFacts[], colour: Colour): string {
  return grants.map((grant) => linesOf(grantLines(grant, colour))).join('\n');
}

function grantLines(facts: GrantFacts, colour: Colour): readonly string[] {
  const { grant, issuer, nothing, conditions, restrictions, targets, maxSeconds } = facts;
  const title = `${colour('bold', grant)}, for callers of ${issuer}`;
  if (nothing !== undefined) return [`${title}: nothing, since ${nothing}`];
  return [
    title,
    ...conditions.map((condition) => `  if ${condition}`),
    ...targets.flatMap((place) => [
      `  ${rightsText(place)} ${place.target}`,
      ...valueLines(place),
      ...exampleLines(place.example, colour),
    ]),
    `  ${[...restrictions, `for at most ${maxSeconds} s`].join(', ')}`,
  ];
}

function rightsText({ permissions, actions }: PlaceFacts): string {
  return [...permissions, ...actions].join(', ');
}

function valueLines({ values }: PlaceFacts): readonly string[] {
  return Object.entries(values).map(([name, what]) => `    {${name}} is ${what}`);
}

function exampleLines(example: ExampleFacts | undefined, colour: Colour): readonly string[] {
  if (example === undefined) return [];
  const place = example.target === undefined ? '' : `${example.target} `;
  return [`    ${colour('dim', `e.g. ${place}with ${claimsText(example)}`)}`];
}

const claimsText = ({ claims }: ExampleFacts) => JSON.stringify(claims);

export function waysAsText(
  ways: readonly WayFacts[],
  { right, target }: { readonly right: string; readonly target: string },
  colour: Colour,
): string {
  if (ways.length === 0) return `nobody can ${right} ${target}, nor any part of it\n`;
  return linesOf(
    ways.flatMap((way) => [
      `${colour('bold', way.grant)}, for callers of ${way.issuer}: ${way.covers === 'all' ? 'all of it' : 'a part of it'}, by ${way.target}`,
      ...(way.why === undefined ? [] : [`    ${way.why}`]),
      ...exampleLines(way.example, colour),
      `    ${way.restrictions.length === 0 ? 'without restrictions' : way.restrictions.join(', ')}`,
    ]),
  );
}

export function overlapAsText(
  { places, sameCaller }: OverlapFacts,
  names: readonly [string, string],
  colour: Colour,
): string {
  if (places.length === 0) return `${names.join(' and ')} share no place\n`;
  return linesOf([
    ...places.flatMap(({ targets, place, examples }) => [
      `${colour('bold', targets.join(' and '))} ${examples === undefined ? 'may share' : 'share'} ${place}`,
      ...(examples ?? []).map(
        (example, index) => `    ${colour('dim', `${names[index]}: with ${claimsText(example)}`)}`,
      ),
    ]),
    sameCaller === undefined
      ? 'no caller fits both grants'
      : `a caller whom both fit must name the grant: ${JSON.stringify(sameCaller)}`,
  ]);
}

export function diffAsText({ added, removed, changed }: DiffFacts, colour: Colour): string {
  if (added.length + removed.length + changed.length === 0) {
    return 'the two configs issue the same to everybody\n';
  }
  return linesOf([
    ...added.flatMap((one) => surplusLines('+', one, colour)),
    ...removed.flatMap((one) => surplusLines('-', one, colour)),
    ...changed.map(({ issuer, grant, setting, from, to }) =>
      colour(
        'yellow',
        `~ ${grant === undefined ? `issuer ${issuer}` : grant}: ${setting} from ${from} to ${to}`,
      ),
    ),
  ]);
}

function surplusLines(sign: '+' | '-', one: SurplusFacts, colour: Colour): readonly string[] {
  const who =
    one.claim === undefined
      ? `callers of ${one.issuer}`
      : `other callers of ${one.issuer}, by the claim ${one.claim}`;
  const text = `${sign} ${one.grant}: ${one.rights.join(', ')} ${one.target} for ${who}`;
  return [colour(sign === '+' ? 'green' : 'red', text), ...exampleLines(one.example, colour)];
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
