/** Counts the answers of a broker under a fault, and lets callers retry as `Retry-After` says. */
import { expect } from 'vitest';
import type { Answer } from '../support/broker.ts';
import { passTime } from './clock.ts';
import type { Watch } from './promises.ts';

/** `<group>-0`, `<group>-1`, and so on. */
export function subjects(group: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${group}-${n}`);
}

/** Counts each kind of answer, e.g. "20 × 503 `sts_unavailable`". */
export function tally(answers: readonly Answer[]): string {
  const counts = new Map<string, number>();
  for (const { status, body } of answers) {
    const kind = status === 200 ? '200' : `${status} \`${body['code']}\``;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([kind, count]) => `${count} × ${kind}`)
    .join(', ');
}

/** The `Retry-After` of each answer in milliseconds. Fails if an answer has none. */
export function retryAfterMs(answers: readonly Answer[]): readonly number[] {
  return answers.map(({ headers }) => {
    const text = headers.get('retry-after');
    expect(text).toMatch(/^[1-9]\d*$/);
    return Number(text) * 1000;
  });
}

/** A caller, and when it may ask again. */
export interface Waiting {
  readonly subject: string;
  readonly dueAtMs: number;
}

/**
 * All callers ask at once and retry after their `Retry-After`, for `seconds` of the clock. Returns all
 * answers and the callers that were not served by then.
 */
export async function followRetryAfter(
  watched: Watch,
  options: { readonly callers: readonly Waiting[]; readonly seconds: number },
): Promise<{ readonly answers: readonly Answer[]; readonly waiting: readonly Waiting[] }> {
  const answers: Answer[] = [];
  let waiting = options.callers;
  for (let second = 0; second < options.seconds; second++) {
    const due = waiting.filter(({ dueAtMs }) => dueAtMs <= Date.now());
    const answered = await watched.askAll(due.map(({ subject }) => subject));
    answers.push(...answered);
    const refused = due.flatMap(({ subject }, n) => {
      const answer = answered[n];
      if (answer === undefined || answer.status === 200) return [];
      const [waitMs = 0] = retryAfterMs([answer]);
      return [{ subject, dueAtMs: Date.now() + waitMs }];
    });
    waiting = [...waiting.filter((one) => !due.includes(one)), ...refused];
    passTime(1000);
  }
  return { answers, waiting };
}

/** Callers that have not asked yet. */
export function newCallers(group: string, count: number): readonly Waiting[] {
  return subjects(group, count).map((subject) => ({ subject, dueAtMs: 0 }));
}
