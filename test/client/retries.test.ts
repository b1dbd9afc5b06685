/** How often and how long a caller without a credential tries. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BrokerError } from '../../src/client/broker-error.ts';
import { errorOf, keyOf, MINUTE_MS, refuse, scriptBroker } from './scripted-broker.ts';

afterEach(() => {
  vi.useRealTimers();
});

const unavailable = refuse(503, 'sts_unavailable');

describe('without a credential', () => {
  it.each([429, 500, 502, 503])('tries again after %i', async (status) => {
    const broker = scriptBroker();
    broker.answers.push(refuse(status, 'any'));
    const credential = broker.source.get();
    await broker.passTime(499);
    expect(broker.tokens).toHaveLength(1);
    await broker.passTime(1);

    expect((await credential).accessKeyId).toBe('STS.2');
  });

  it('waits as long as Retry-After says', async () => {
    for (const status of [429, 503]) {
      const broker = scriptBroker();
      broker.answers.push(refuse(status, 'any', { headers: { 'retry-after': '20' } }));
      const credential = broker.source.get();
      await broker.passTime(19_999);
      expect(broker.tokens).toHaveLength(1);
      await broker.passTime(1);

      expect((await credential).accessKeyId).toBe('STS.2');
    }
  });

  it('does not come back together with all others that were told the same', async () => {
    const broker = scriptBroker({ random: () => 0.5 });
    broker.answers.push(refuse(429, 'rate_limited', { headers: { 'retry-after': '20' } }));
    const credential = broker.source.get();
    await broker.passTime(20_499);
    expect(broker.tokens).toHaveLength(1);
    await broker.passTime(1);

    expect((await credential).accessKeyId).toBe('STS.2');
  });

  it('says at once that it would have to wait long, and asks nothing until then', async () => {
    const broker = scriptBroker();
    broker.answers.push(refuse(429, 'rate_limited', { headers: { 'retry-after': '60' } }));
    const refusal = { code: 'rate_limited', status: 429, retryAfter: 60 };
    expect(await errorOf(broker.source.get())).toMatchObject(refusal);
    expect(await errorOf(broker.source.get())).toMatchObject(refusal);
    expect(broker.tokens).toHaveLength(1);
    await broker.passTime(60_000);

    expect(await keyOf(broker)).toBe('STS.2');
  });

  it('gives up after four tries', async () => {
    const broker = scriptBroker();
    broker.answers.push(unavailable, unavailable, unavailable, unavailable);
    const error = errorOf(broker.source.get());
    await broker.passTime(MINUTE_MS);

    expect(await error).toMatchObject({ code: 'sts_unavailable', isTransient: true });
    expect(broker.tokens).toHaveLength(4);
  });

  it('takes an answer that is none of the broker for a failure that passes', async () => {
    const broker = scriptBroker();
    const portal = () => new Response('<title>Please sign in to the network</title>');
    broker.answers.push(
      portal,
      () => Response.json({ Grant: {} }),
      () => Response.json(null),
    );
    const credential = broker.source.get();
    await broker.passTime(10_000);

    expect((await credential).accessKeyId).toBe('STS.4');
  });

  it('ignores a Retry-After that is a date', async () => {
    const broker = scriptBroker();
    const date = 'Mon, 23 Nov 2026 19:00:00 GMT';
    broker.answers.push(refuse(503, 'any', { headers: { 'retry-after': date } }));
    const credential = broker.source.get();
    await broker.passTime(500);

    expect((await credential).accessKeyId).toBe('STS.2');
  });

  it('asks again after a refusal as soon as it is used', async () => {
    const broker = scriptBroker();
    broker.answers.push(refuse(403, 'no_grant'));
    expect(await errorOf(broker.source.get())).toBeInstanceOf(BrokerError);

    expect(await keyOf(broker)).toBe('STS.2');
  });
});
