/** What a request may cost: ratios to other rows of the same run, so that the machine does not matter. */
import type { Measured } from './row.ts';

export interface Goal {
  readonly what: string;
  /** What was measured, as a ratio. */
  readonly ratio: number;
  readonly wanted: string;
  readonly isMet: boolean;
}

type Figure = 'cpuUs' | 'answersPerSecond' | 'p99Ms';

interface GoalRule {
  readonly what: string;
  readonly row: string;
  readonly to: string;
  readonly figure: Figure;
  readonly atMost?: number;
  readonly atLeast?: number;
}

const rule = (row: string, to: string, figure: Figure, bound: Partial<GoalRule>): GoalRule => ({
  what: `${row}: ${WORDS[figure]} to ${to}`,
  row,
  to,
  figure,
  ...bound,
});

const WORDS: Readonly<Record<Figure, string>> = {
  cpuUs: 'CPU',
  answersPerSecond: 'answers a second',
  p99Ms: 'p99',
};

const RULES: readonly GoalRule[] = [
  ...['', ', RS256'].flatMap((suffix) => [
    rule(`broker, warm token${suffix}`, `hono + jose${suffix}`, 'cpuUs', { atMost: 0.6 }),
    rule(`broker, warm request${suffix}`, `hono + jose${suffix}`, 'cpuUs', { atMost: 0.35 }),
    rule(`broker, cold token${suffix}`, `hono + jose${suffix}`, 'cpuUs', { atMost: 1.25 }),
  ]),
  rule('broker, warm request', 'node:http', 'answersPerSecond', { atLeast: 0.5 }),
  rule('broker, AssumeRole each', 'hono + jose + STS SDK', 'cpuUs', { atMost: 1.15 }),
  rule('broker, warm request', 'hono + jose', 'p99Ms', { atMost: 1 }),
  rule('broker, warm token', 'hono + jose', 'p99Ms', { atMost: 1 }),
  rule('broker, cold token', 'hono + jose', 'p99Ms', { atMost: 1 }),
  rule('broker, warm request, 10000 grants', 'broker, warm request, 10 grants', 'cpuUs', {
    atMost: 1.25,
  }),
  rule('broker, cold token, 10000 grants', 'broker, cold token, 10 grants', 'cpuUs', {
    atMost: 1.25,
  }),
];

/** The goals whose rows were measured. */
export function checkGoals(rows: readonly Measured[]): readonly Goal[] {
  return RULES.flatMap(({ what, row, to, figure, atMost, atLeast }) => {
    const ratio = ratioOf(rows, row, to, figure);
    if (ratio === undefined) return [];
    const wanted = atMost === undefined ? `>= ${atLeast}` : `<= ${atMost}`;
    const isMet = atMost === undefined ? ratio >= (atLeast ?? 0) : ratio <= atMost;
    return [{ what, ratio, wanted, isMet }];
  });
}

/** Undefined if one of the rows was not measured. */
export function ratioOf(
  rows: readonly Measured[],
  name: string,
  toName: string,
  figure: Figure,
): number | undefined {
  const one = rows.find((row) => row.name === name)?.[figure];
  const other = rows.find((row) => row.name === toName)?.[figure];
  return one === undefined || other === undefined ? undefined : one / other;
}

/** The rows that the goals compare others with. */
export const COMPARED_WITH: ReadonlySet<string> = new Set(RULES.map(({ to }) => to));
