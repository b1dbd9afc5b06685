/** Warns of claims that an operator probably wrote in another form than the issuer sends. */
import type { Warn } from './config-problems.ts';
import type { GrantInput } from './grant-schema.ts';
import type { IssuerInput } from './issuer-schema.ts';

/** An ID as issuers name it: `sub`, `id`, `user_id`, `tenantId`. */
const NAMES_AN_ID = /(?:^sub$|^id$|_id$|[a-z]I[dD]$)/;

/** Warns of attributes whose claim looks like a path but is one name. */
export function warnOfAttributes(attributes: IssuerInput['attributes'], warn: Warn): void {
  for (const [name, { claim }] of Object.entries(attributes)) {
    warnOfDots(claim, (path, ...what) => warn(['attributes', name, 'claim', ...path], ...what));
  }
}

/** Warns of conditions whose claim looks like a path, or that compare an ID with a number. */
export function warnOfConditions(when: GrantInput['when'], warn: Warn): void {
  for (const [index, condition] of when.entries()) {
    const under: Warn = (path, ...what) => warn(['when', index, ...path], ...what);
    warnOfDots(condition.claim, (path, ...what) => under(['claim', ...path], ...what));
    const name = typeof condition.claim === 'string' ? condition.claim : condition.claim.at(-1);
    if (name === undefined || !NAMES_AN_ID.test(name)) continue;
    for (const operator of ['equals', 'in', 'contains'] as const) {
      const value = operator in condition ? Reflect.get(condition, operator) : undefined;
      const numbers = [value].flat().filter((one) => typeof one === 'number');
      if (numbers.length > 0) {
        under(
          [operator],
          `compares the ID ${name} with a number, which does not equal the same digits in a string; write "${numbers[0]}" if the issuer sends a string, as most do`,
          'id-is-number',
        );
      }
    }
  }
}

/** A name with dots is one claim. URLs are often names of claims, so they are left out. */
export function warnOfDots(claim: string | readonly string[], warn: Warn): void {
  if (typeof claim !== 'string' || !/^[\w-]+(?:\.[\w-]+)+$/.test(claim)) return;
  warn(
    [],
    `"${claim}" is the name of one claim; write [${claim.split('.').join(', ')}] for a claim in nested objects`,
    'claim-name-with-dots',
  );
}
