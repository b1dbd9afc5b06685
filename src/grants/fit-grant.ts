/** Decides whether one grant fits a caller, and which targets it then allows. */
import type { Allowance, Grant, TrustedIssuer } from '../config/config.ts';
import type { Claims, GrantedTarget, MatchedGrant } from '../ports.ts';
import { readAttribute } from './attributes.ts';
import { unmetCondition } from './conditions.ts';
import { keyProblem } from './target.ts';

export type Fit =
  | ({ readonly fits: true } & MatchedGrant)
  | { readonly fits: false; readonly grant: Grant; readonly why: string };

/** Array attributes multiply the targets. A session policy cannot hold more than this anyway. */
const MAX_TARGETS = 1000;

/**
 * Compares one grant with the claims of a verified subject token. The grant fits if every enforced
 * condition holds and every attribute that its targets name has values that fit its grammar.
 */
export function fitGrant(grant: Grant, issuer: TrustedIssuer, claims: Claims): Fit {
  const misfit = (why: string): Fit => ({ fits: false, grant, why });
  if (grant.issuer !== issuer.name) return misfit('the grant is for another issuer');
  for (const condition of grant.when) {
    if (condition.mode === 'report') continue;
    const why = unmetCondition(condition, claims);
    if (why !== undefined) return misfit(why);
  }
  const allowances: GrantedTarget[] = [];
  for (const allowance of grant.allow) {
    const keys = renderKeys(allowance, issuer, claims);
    if ('problem' in keys) return misfit(keys.problem);
    const { permissions, actions } = allowance;
    for (const key of keys.values) {
      allowances.push({ target: { bucket: allowance.target.bucket, key }, permissions, actions });
    }
    if (allowances.length > MAX_TARGETS) return misfit(`more than ${MAX_TARGETS} targets`);
  }
  return { fits: true, grant, allowances };
}

/** The keys of a target: one, or one for each combination of values of its array attributes. */
function renderKeys(
  allowance: Allowance,
  issuer: TrustedIssuer,
  claims: Claims,
): { readonly values: readonly string[] } | { readonly problem: string } {
  const { text, key: parts } = allowance.target;
  const names = [
    ...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : part.attribute))),
  ];
  /** For each target the values of the attributes, in the order of `names`. */
  let assignments: readonly (readonly string[])[] = [[]];
  for (const name of names) {
    const rule = issuer.attributes.find((attribute) => attribute.name === name);
    if (rule === undefined) return { problem: `attribute "${name}" is not defined` };
    const reading = readAttribute(rule, claims);
    if ('problem' in reading) return reading;
    if (assignments.length * reading.values.length > MAX_TARGETS) {
      return { problem: `target "${text}" yields more than ${MAX_TARGETS} targets` };
    }
    assignments = assignments.flatMap((assignment) =>
      reading.values.map((value) => [...assignment, value]),
    );
  }
  const slots = parts.map((part) =>
    typeof part === 'string' ? part : names.indexOf(part.attribute),
  );
  const values = assignments.map((assignment) => {
    let key = '';
    for (const slot of slots) key += typeof slot === 'string' ? slot : (assignment[slot] ?? '');
    return key;
  });
  // valid parts can still form a key that is too long or not in normal form C
  const problem = values.map(keyProblem).find((found) => found !== undefined);
  return problem === undefined ? { values } : { problem: `target "${text}" ${problem}` };
}
