/** Finds claims that a grant fits, so that it can be tried. */
import type {
  AttributeRule,
  ClaimPath,
  Condition,
  Grant,
  TrustedIssuer,
} from '../../src/config/config.ts';
import { fitsGrammar } from '../../src/grants/attributes.ts';
import { readClaim } from '../../src/grants/claims.ts';
import { fitGrant } from '../../src/grants/fit-grant.ts';
import type { GrantedTarget } from '../../src/ports.ts';

export interface Suggestion {
  readonly claims: Readonly<Record<string, unknown>>;
  /** What the grant allows a caller with these claims. */
  readonly allowances: readonly GrantedTarget[];
}

type Caller = 'alice' | 'bob';

const CALLERS = {
  alice: { number: 1, uuid: '6f1c1d0e-5d3b-4c59-9b0e-2f6a7d1c8e01', letter: 'a' },
  bob: { number: 2, uuid: '6f1c1d0e-5d3b-4c59-9b0e-2f6a7d1c8e02', letter: 'b' },
} as const;

/** Claims of one of two callers; undefined where no claims that fit are found. */
export function suggestClaims(
  grant: Grant,
  issuer: TrustedIssuer,
  caller: Caller,
): Suggestion | undefined {
  const claims: Record<string, unknown> = { sub: caller };
  for (const condition of grant.when) {
    const value = valueFor(condition);
    if (value !== undefined) setClaim(claims, condition.claim, value);
  }
  const used = new Set(
    grant.allow.flatMap(({ target }) =>
      target.key.flatMap((part) => (typeof part === 'string' ? [] : [part.attribute])),
    ),
  );
  const conditioned = grant.when.map(({ claim }) => claim.join('\n'));
  for (const rule of issuer.attributes) {
    if (!used.has(rule.name) || conditioned.includes(rule.claim.join('\n'))) continue;
    setClaim(claims, rule.claim, sampleOf(rule, caller));
  }
  const fit = fitGrant(grant, issuer, claims);
  return fit.fits ? { claims, allowances: fit.allowances } : undefined;
}

/** A value with which the condition holds; undefined: the claim must be absent. */
function valueFor(condition: Condition): unknown {
  switch (condition.operator) {
    case 'equals':
      return condition.value;
    case 'in':
      return condition.values[0];
    case 'contains':
      return [condition.value];
    case 'startsWith':
      return `${condition.value}1`;
    case 'exists':
      return condition.value ? 'anything' : undefined;
  }
}

function sampleOf({ name, claim, hash, grammar }: AttributeRule, caller: Caller): string {
  const { number, uuid, letter } = CALLERS[caller];
  if (hash || claim.at(-1) === 'sub') {
    if (hash || fitsGrammar(caller, grammar)) return caller;
  }
  const samples = [`${name}-${number}`, caller, uuid, `${caller}@example.com`, letter];
  const digits = ['100', '10', '1'].map((text) => `${text}${number}`);
  return [...samples, ...digits].find((text) => fitsGrammar(text, grammar)) ?? caller;
}

/** Puts a value at a path; an object on the way is made if it is not there. */
function setClaim(claims: Record<string, unknown>, path: ClaimPath, value: unknown): void {
  const [first, second, ...others] = path;
  if (second === undefined) {
    claims[first] = value;
    return;
  }
  const inner = readClaim(claims, [first]);
  const members = typeof inner === 'object' && inner !== null ? { ...inner } : {};
  setClaim(members, [second, ...others], value);
  claims[first] = members;
}
