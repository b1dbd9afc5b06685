import { describe, expect, it } from 'vitest';
import { makeUrl, pathOf, useUrl } from '../support/credential-urls.ts';
import { startTicketBroker } from '../support/ticket-brokers.ts';
import { outcomesOf } from './arrange.ts';

const USED_UP = '401 credential_url_used_up';

describe('the uses of a credential URL', () => {
  it('stay used up for as long as it is valid', async () => {
    const broker = await startTicketBroker();
    const path = pathOf(await makeUrl(broker, { body: { Uses: 1, LifeSeconds: 500 } }));
    const use = () => useUrl(broker, path);
    const outcomes = [...(await outcomesOf(1, use))];
    for (const seconds of [2, 430, 60]) {
      broker.clock.offsetMs += seconds * 1000;
      outcomes.push(...(await outcomesOf(1, use)));
    }
    await broker.close();

    expect(outcomes).toEqual(['200', USED_UP, USED_UP, USED_UP]);
  });

  it.each([
    [{ kind: 'json5xx', code: 'InternalError' } as const, '503 sts_unavailable'],
    [{ kind: 'clockSkew' } as const, '502 sts_refused'],
  ])('are not used up by a failure of STS: %o', async (fault, expected) => {
    const broker = await startTicketBroker();
    const path = pathOf(await makeUrl(broker, { body: { Uses: 1 } }));
    broker.simulator.sts.faults.once(fault);
    const outcomes = await outcomesOf(3, () => useUrl(broker, path));
    await broker.close();

    expect(outcomes).toEqual([expected, '200', USED_UP]);
  });
});
