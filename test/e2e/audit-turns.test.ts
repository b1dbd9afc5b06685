/** The audit lines of requests that are decided at the same time: written together, and before any answer. */
import { afterEach, describe, expect, it } from 'vitest';
import { createAuditSink } from '../../src/audit/sink.ts';
import { type Answer, startTestBroker, type TestBroker } from '../support/broker.ts';
import { tellInto } from '../support/observe.ts';

const REQUESTS = 40;

let broker: TestBroker;
afterEach(() => broker.close());

/** A broker with the audit sink of the real one, whose writes the test counts, holds back and fails. */
async function start() {
  const texts: string[] = [];
  const told: string[] = [];
  const output: { take: () => Promise<void> } = { take: async () => {} };
  broker = await startTestBroker({
    write: createAuditSink({
      afterTurn: setImmediate,
      now: Date.now,
      observe: tellInto(told),
      write: async (text) => {
        texts.push(text);
        await output.take();
      },
    }),
  });
  const linesOf = (some: readonly string[]): readonly { readonly requestId: string }[] =>
    some.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line));
  return { texts, told, output, ids: () => linesOf(texts).map(({ requestId }) => requestId) };
}

/** One caller asks many times at once, so that one AssumeRole decides all of them. */
async function askAtOnce(): Promise<{ readonly answers: readonly Promise<Answer>[] }> {
  const token = await broker.issuer.token();
  broker.simulator.sts.faults.once({ kind: 'slow', delayMs: 500 });
  return { answers: Array.from({ length: REQUESTS }, () => broker.ask({ token })) };
}

const idOf = ({ headers }: Answer) => headers.get('x-request-id');

describe('requests that are decided at the same time', () => {
  it('have a line each, in fewer writes than lines', async () => {
    const { texts, ids } = await start();
    const { answers } = await askAtOnce();
    const got = await Promise.all(answers);

    expect(got.map(({ status }) => status)).toEqual(Array(REQUESTS).fill(200));
    expect(ids().sort()).toEqual(got.map(idOf).sort());
    expect(texts.length).toBeLessThan(REQUESTS / 2);
  });

  it('are answered after their lines are written, and not before', async () => {
    const { output, ids } = await start();
    const held: (() => void)[] = [];
    output.take = () => new Promise((resolve) => void held.push(resolve));
    const { answers } = await askAtOnce();
    const answered: Answer[] = [];
    const all = answers.map((one) => one.then((answer) => answered.push(answer)));
    await expect.poll(() => ids().length, { timeout: 5000 }).toBe(REQUESTS);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(answered).toEqual([]);

    for (const release of held) release();
    await Promise.all(all);
    expect(answered.map(({ status }) => status)).toEqual(Array(REQUESTS).fill(200));
    expect(ids().sort()).toEqual(answered.map(idOf).sort());
  });

  it('are all refused if their write fails, and the loss of each line is told', async () => {
    const { texts, told, output } = await start();
    output.take = () => Promise.reject(new Error('broken'));
    const { answers } = await askAtOnce();
    const refused = await Promise.all(answers);
    const failedWrites = texts.length;
    output.take = async () => {};
    const next = await broker.ask();

    for (const { status, body } of refused) {
      expect([status, body]).toEqual([503, expect.objectContaining({ code: 'audit_unavailable' })]);
    }
    // no line of a granted request is written again; each refusal tried a line of its own
    const lines = texts.slice(0, failedWrites).flatMap((text) => text.trimEnd().split('\n'));
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.length).toBe(2 * REQUESTS);
    expect(next.status).toBe(200);
    expect(told).toContain(`the audit log is written again: ${2 * REQUESTS} lines were lost`);
  });
});
