/** An independent judge: does any key lie in a session policy of the broker and outside what `prove` says? */

import { beforeAll, describe, expect, it } from 'vitest';
import { init } from 'z3-solver';
import { createLanguages } from '../../src/prove/grammar-language.ts';
import type { Family, GrantReach } from '../../src/prove/grant-reach.ts';
import { valuesOf } from '../../src/prove/key-language.ts';
import { createProver } from '../../src/prove/prover.ts';
import { hasRight, toRight } from '../../src/prove/rights.ts';
import { memberAt } from '../support/declared.ts';
import { fc, printSearch } from '../support/seeded.ts';
import { claims, grants, ISSUERS } from './arbitraries.ts';
import { concat, define, globRegex, literal, textRegex, union } from './smt.ts';

/** Set SMT_RUNS to ask about more configs. */
const numRuns = Number(process.env['SMT_RUNS'] ?? 200);
const ACTIONS = ['oss:GetObject', 'oss:PutObject', 'oss:DeleteObject', 'oss:PutObjectAcl'];
const languages = createLanguages();

let solve: (script: string) => Promise<string>;

beforeAll(async () => {
  const { Z3 } = await init();
  solve = async (script) => {
    const context = Z3.mk_context(Z3.mk_config());
    try {
      return (await Z3.eval_smtlib2_string(context, script)).trim();
    } finally {
      Z3.del_context(context);
    }
  };
}, 60_000);

/** Asks for a text of the first regular expression that is not in the second. */
const ask = (definitions: readonly string[], inside: string, outside: string) =>
  solve(
    [
      ...definitions,
      '(declare-const key String)',
      `(assert (str.in_re key ${inside}))`,
      `(assert (not (str.in_re key ${outside})))`,
      '(check-sat)',
    ].join('\n'),
  );

/** What `prove` says about the objects of a family, as `bucket/key`. */
function sayOf(reach: GrantReach, { template, segments, isPrefix }: Family, index: number) {
  const definitions: string[] = [];
  const parts = segments.flatMap(({ before, attribute, after }, at) => {
    const start = textRegex(at === 0 ? before : `/${before}`);
    if (attribute === undefined) return [start];
    const name = `f${index}s${at}q`;
    definitions.push(...define(name, valuesOf(reach.space, attribute)));
    return [start, `${name}0`, textRegex(after)];
  });
  const end = isPrefix ? [textRegex(segments.length === 0 ? '' : '/'), 're.all'] : [];
  return { definitions, regex: concat([textRegex(`${template.bucket}/`), ...parts, ...end]) };
}

/** The resources that a session policy allows for the action, without `acs:oss:*:*:`. */
function allowedBy(policy: string, action: string): readonly string[] {
  const statements: unknown = memberAt(JSON.parse(policy), ['Statement']);
  if (!Array.isArray(statements)) throw new Error('the policy has no statements');
  return statements.flatMap((statement) => {
    const list = (name: string) => [memberAt(statement, [name])].flat().map(String);
    if (memberAt(statement, ['Effect']) !== 'Allow' || !list('Action').includes(action)) return [];
    return list('Resource').map((resource) => resource.replace('acs:oss:*:*:', ''));
  });
}

describe('a solver of string constraints', () => {
  it('knows what the scripts mean', async () => {
    expect(await ask([], globRegex('b/users/7/*'), globRegex('b/users/*'))).toBe('unsat');
    expect(await ask([], globRegex('b/users/*'), globRegex('b/users/7/*'))).toBe('sat');
    expect(await ask([], textRegex('ç"\\'), textRegex('ç"\\'))).toBe('unsat');
    expect(literal('"')).toBe('"\\u{22}"');
  });

  it('finds no key in a session policy that prove does not name', async () => {
    const counts = { 'policies judged': 0, 'controls found': 0 };
    await fc.assert(
      fc.asyncProperty(grants, fc.array(claims, { maxLength: 6 }), async (list, callers) => {
        const prover = createProver({ issuers: ISSUERS, grants: list }, languages);
        for (const reach of prover.reaches.filter(({ nothing }) => nothing === undefined)) {
          const says = reach.families.map((family, index) => ({
            family,
            ...sayOf(reach, family, index),
          }));
          const own = prover
            .waysTo(
              toRight('read') ?? { name: '', actions: [] },
              { bucket: 'app-media', key: '' },
              [reach],
            )
            .flatMap(({ example }) => (example === undefined ? [] : [example.claims]));
          const decisions = [
            ...own,
            ...callers.map((one) => ({ ...one, iss: reach.issuer.issuer })),
          ]
            .map((one) => prover.decideFor(reach, { claims: one }))
            .flatMap((one) => (one.outcome === 'granted' ? [one.policy.text] : []));
          for (const policy of new Set(decisions)) {
            for (const action of ACTIONS) {
              const allowed = allowedBy(policy, action);
              if (allowed.length === 0) continue;
              const right = toRight(action) ?? { name: action, actions: [] };
              const named = says.filter(({ family }) => hasRight(family, right));
              const definitions = named.flatMap((one) => one.definitions);
              const inside = union(allowed.map(globRegex));
              const outside = union(named.map(({ regex }) => regex));
              expect(await ask(definitions, inside, outside)).toBe('unsat');
              counts['policies judged'] += 1;
              // the same question must find keys when prove says less than it does
              if (named.length === 1 && counts['controls found'] < 50) {
                expect(await ask([], inside, union([]))).toBe('sat');
                counts['controls found'] += 1;
              }
            }
          }
        }
      }),
      { numRuns },
    );
    printSearch('the solver', counts);
    expect(counts['policies judged']).toBeGreaterThan(numRuns / 4);
  }, 600_000);
});
