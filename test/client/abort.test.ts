/** Callers who no longer wait. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCredentialSource } from '../../src/client/credential-source.ts';
import { errorOf, keyOf, scriptBroker } from './scripted-broker.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('abort', () => {
  it('ends the wait of one caller, and not that of others', async () => {
    const broker = scriptBroker();
    let answer = () => {};
    broker.answers.push(
      () =>
        new Promise((resolve) => {
          answer = () => resolve(broker.grant());
        }),
    );
    const controller = new AbortController();
    const one = errorOf(broker.source.get({ signal: controller.signal }));
    const other = broker.source.get();
    controller.abort(new Error('left'));
    expect(await one).toEqual(new Error('left'));

    await broker.passTime(1);
    answer();
    expect((await other).accessKeyId).toBe('STS.1');
  });

  it('ends the request with its last waiter, and the next caller begins anew', async () => {
    const signals: AbortSignal[] = [];
    const source = createCredentialSource({
      url: 'https://broker.example.com',
      getSubjectToken: ({ signal }) => {
        signals.push(signal);
        // such as a window that the user closed
        return new Promise(() => {});
      },
    });
    const controllers = [new AbortController(), new AbortController()];
    const waits = controllers.map(({ signal }) => errorOf(source.get({ signal })));
    controllers[0]?.abort();
    await waits[0];
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    controllers[1]?.abort();
    const next = new AbortController();
    const again = errorOf(source.get({ signal: next.signal }));
    await waits[1];

    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    next.abort(new Error('left'));
    expect(await again).toEqual(new Error('left'));
  });

  it('comes before the request if the signal is aborted', async () => {
    const broker = scriptBroker();

    expect(await errorOf(broker.source.get({ signal: AbortSignal.abort('why') }))).toBe('why');
    expect(broker.tokens).toHaveLength(0);
  });

  it('is no failure: the next caller need not wait', async () => {
    const broker = scriptBroker();
    const controller = new AbortController();
    broker.answers.push(
      () => new Promise((_, reject) => controller.signal.addEventListener('abort', reject)),
    );
    const left = errorOf(broker.source.get({ signal: controller.signal }));
    await broker.passTime(1);
    controller.abort();
    await left;

    expect(await keyOf(broker)).toBe('STS.2');
  });
});
