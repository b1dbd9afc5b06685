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
import { concat, define, globRegex, literal, textRegex } from './smt.ts';

/** Set SMT_RUNS to ask about more configs. */
const numRuns = Number(process.env['SMT_RUNS'] ?? 60);
const ACTIONS = ['oss:GetObject', 'oss:PutObject', 'oss:DeleteObject', 'oss:PutObjectAcl'];
const languages = createLanguages();

/** The solver takes minutes for values of 254 characters. Length is one rule in all grammars, and tested elsewhere. */
const MAX_LENGTH = 8;
const SHORT_ISSUERS = ISSUERS.map((issuer) => ({
  ...issuer,
  attributes: issuer.attributes.map((attribute) => {
    const { grammar, hash } = attribute;
    const maxLength = hash ? grammar.maxLength : Math.min(grammar.maxLength, MAX_LENGTH);
    return { ...attribute, grammar: { ...grammar, maxLength } };
  }),
}));

/** `Z3_lbool` */
const VERDICTS: ReadonlyMap<number, string> = new Map([
  [-1, 'unsat'],
  [1, 'sat'],
]);

let solve: (script: string) => Promise<string>;

beforeAll(async () => {
  const { Z3 } = await init();
  solve = async (script) => {
    const context = Z3.mk_context(Z3.mk_config());
    try {
      const solver = Z3.mk_solver(context);
      Z3.solver_inc_ref(context, solver);
      // eval_smtlib2_string frees the text while its thread still reads it
      Z3.solver_from_string(context, solver, script);
      const problem =
        Z3.get_error_code(context) === 0
          ? ''
          : Z3.get_error_msg(context, Z3.get_error_code(context));
      if (problem !== '') throw new Error(problem);
      const verdict = await Z3.solver_check(context, solver);
      Z3.solver_dec_ref(context, solver);
      return VERDICTS.get(verdict) ?? 'unknown';
    } finally {
      Z3.del_context(context);
    }
  };
}, 60_000);

/** Asks for a text that the first regular expression has, and none of the others. */
const ask = (definitions: readonly string[], inside: string, outside: readonly string[]) =>
  solve(
    [
      ...definitions,
      '(declare-const key String)',
      `(assert (str.in_re key ${inside}))`,
      ...outside.map((regex) => `(assert (not (str.in_re key ${regex})))`),
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
    expect(await ask([], globRegex('b/users/7/*'), [globRegex('b/users/*')])).toBe('unsat');
    expect(await ask([], globRegex('b/users/*'), [globRegex('b/users/7/*')])).toBe('sat');
    expect(await ask([], textRegex('ç"\\'), [textRegex('ç"\\')])).toBe('unsat');
    await expect(ask([], 'nonsense', [])).rejects.toThrow();
    expect(literal('"')).toBe('"\\u{22}"');
  });

  it('finds no key in a session policy that prove does not name', async () => {
    const counts = { 'resources judged': 0, 'controls found': 0 };
    const asked = new Set<string>();
    await fc.assert(
      fc.asyncProperty(grants, fc.array(claims, { maxLength: 6 }), async (list, callers) => {
        const prover = createProver({ issuers: SHORT_ISSUERS, grants: list }, languages);
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
              const outside = named.map(({ regex }) => regex);
              for (const resource of allowed) {
                const inside = globRegex(resource);
                const question = JSON.stringify([resource, outside, definitions]);
                if (asked.has(question)) continue;
                asked.add(question);
                expect(await ask(definitions, inside, outside)).toBe('unsat');
                counts['resources judged'] += 1;
                // the same question must find a key when prove says nothing
                if (counts['controls found'] < 20) {
                  expect(await ask(definitions, inside, [])).toBe('sat');
                  counts['controls found'] += 1;
                }
              }
            }
          }
        }
      }),
      { numRuns },
    );
    printSearch('the solver', counts);
    expect(counts['resources judged']).toBeGreaterThan(numRuns / 4);
  }, 600_000);
});
