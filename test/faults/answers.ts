/** Counts and words for what a broker answered under a fault. */
import { expect } from 'vitest';
import type { Answer } from '../support/broker.ts';
import { passTime } from './clock.ts';
import type { Watch } from './promises.ts';

/** `user-0`, `user-1`, and so on, with a prefix of their own for each group. */
export function subjects(group: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${group}-${n}`);
}

/** `20 × 503 sts_unavailable`, each kind of answer once. */
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

/** Milliseconds after which each of them may come back. Fails if one is not told. */
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
 * Everybody asks at once, and again as `Retry-After` says, for so many seconds of the clock. Tells
 * all answers, and who has not been served by then.
 */
export async function comeBackAsTold(
  watched: Watch,
  options: { readonly callers: readonly Waiting[]; readonly seconds: number },
): Promise<{ readonly answers: readonly Answer[]; readonly waiting: readonly Waiting[] }> {
  const answers: Answer[] = [];
  let waiting = options.callers;
  for (let second = 0; second < options.seconds; second++) {
    const due = waiting.filter(({ dueAtMs }) => dueAtMs <= Date.now());
    const answered = await watched.askAll(due.map(({ subject }) => subject));
    answers.push(...answered);
    const sentAway = due.flatMap(({ subject }, n) => {
      const answer = answered[n];
      if (answer === undefined || answer.status === 200) return [];
      const [waitMs = 0] = retryAfterMs([answer]);
      return [{ subject, dueAtMs: Date.now() + waitMs }];
    });
    waiting = [...waiting.filter((one) => !due.includes(one)), ...sentAway];
    passTime(1000);
  }
  return { answers, waiting };
}

/** Nobody has asked yet. */
export function newcomers(group: string, count: number): readonly Waiting[] {
  return subjects(group, count).map((subject) => ({ subject, dueAtMs: 0 }));
}
