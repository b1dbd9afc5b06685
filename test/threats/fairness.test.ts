import { describe, expect, it, onTestFinished } from 'vitest';
import type { Fault } from '../../simulator/faults.ts';
import { createMemoryReservations } from '../../src/store/memory-reservations.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { type Answer, SIMPLE_CONFIG, startTestBroker } from '../support/broker.ts';
import {
  makeUrl,
  pathOf,
  TICKET_ENVIRONMENT,
  URLS_ON,
  useUrl,
} from '../support/credential-urls.ts';

const NEIGHBOURS = 50;
const FLOOD = 300;

/** An attacker with a valid token floods the broker with narrowings; then each neighbour asks once. */
async function flood(options: { readonly limits?: string; readonly sts: Fault }) {
  const { limits = '', sts } = options;
  const broker = await startTestBroker({
    config: `${SIMPLE_CONFIG.replace('timeout: 2s', 'timeout: 5s')}${limits}`,
    random: Math.random,
  });
  onTestFinished(() => broker.close());
  await broker.ask({ claims: { sub: 'early' } });
  broker.simulator.sts.faults.set(sts);
  const callsBefore = broker.stsCalls();
  const token = await broker.issuer.token({ sub: 'attacker' });
  const tokens = await Promise.all(
    Array.from({ length: NEIGHBOURS }, (_, n) => broker.issuer.token({ sub: `neighbour-${n}` })),
  );
  const attack = Promise.all(
    Array.from({ length: FLOOD }, (_, n) =>
      broker.ask({ token, body: { Target: `oss://app-media/users/attacker/${n}/` } }),
    ),
  );
  const neighbours = await Promise.all(tokens.map((own) => broker.ask({ token: own })));
  const cached = await broker.ask({ claims: { sub: 'early' } });
  const attacker = await attack;
  return { broker, neighbours, attacker, cached, calls: broker.stsCalls() - callsBefore };
}

function statuses(answers: readonly Answer[]): readonly number[] {
  return [...new Set(answers.map(({ status }) => status))].sort();
}

const served = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 200);

/** Far more than anybody needs: as if the default were not there. */
const UNLIMITED = 'limits: { assumeRole: { requests: 1000000, window: 1s } }\n';

describe('threat 39: a caller that misses the cache on purpose', () => {
  it('gets ten credentials in ten seconds unless the config says otherwise, and neighbours get theirs', async () => {
    const { broker, neighbours, attacker, cached, calls } = await flood({
      sts: { kind: 'rateLimit', requestsPerSecond: 30 },
    });

    expect(neighbours.map(({ status }) => status)).toEqual(Array(NEIGHBOURS).fill(200));
    expect(cached.status).toBe(200);
    expect(served(attacker)).toHaveLength(10);
    expect(statuses(attacker)).toEqual([200, 429]);
    for (const { status, headers } of attacker) {
      if (status === 429) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    }
    expect(broker.auditLines().filter(({ reason }) => reason === 'rate_limited')[0]).toMatchObject({
      subject: 'attacker',
      why: { scope: 'assume_role', limit: 10 },
    });
    // each call that STS throttled is one more
    expect(calls).toBeLessThan(200);
  });

  it('waits its turn while STS throttles, even without a limit of its own', async () => {
    const { neighbours, attacker, cached } = await flood({
      limits: UNLIMITED,
      sts: { kind: 'rateLimit', requestsPerSecond: 30 },
    });

    expect(neighbours.map(({ status }) => status)).toEqual(Array(NEIGHBOURS).fill(200));
    expect(cached.status).toBe(200);
    expect(served(attacker).length).toBeLessThan(FLOOD);
    for (const { status, headers } of attacker) {
      if (status !== 200) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    }
  });

  it('takes a tenth of what is in flight while STS is slow', async () => {
    const { neighbours } = await flood({ limits: UNLIMITED, sts: { kind: 'slow', delayMs: 500 } });

    expect(neighbours.map(({ status }) => status)).toEqual(Array(NEIGHBOURS).fill(200));
  });

  it('opens no circuit, although STS throttles it: the next caller is served', async () => {
    const { broker } = await flood({
      limits: UNLIMITED,
      sts: { kind: 'rateLimit', requestsPerSecond: 1 },
    });
    broker.simulator.sts.faults.set(undefined);

    expect((await broker.ask({ claims: { sub: 'late' } })).status).toBe(200);
  });
});

describe('threat 39: a caller that fills the memory of used tokens and URLs', () => {
  /** A broker whose instance remembers few, with an issuer of one-time tokens or not. */
  async function startSmall(oneTimeTokens: boolean) {
    const now = Date.now;
    const broker = await startTestBroker({
      config: `${SIMPLE_CONFIG.replace('    types:', `    oneTimeTokens: ${oneTimeTokens}\n    types:`)}${URLS_ON}`,
      environment: TICKET_ENVIRONMENT,
      store: {
        ...createMemoryStore({ now }),
        reservations: createMemoryReservations({ now, maxReservations: 20 }),
      },
    });
    onTestFinished(() => broker.close());
    return broker;
  }

  it('with one-time tokens leaves room for those of its neighbours', async () => {
    const broker = await startSmall(true);
    const ask = (sub: string, n = 0) => broker.ask({ claims: { sub, jti: `${sub}-${n}` } });
    const attacker: Answer[] = [];
    for (let n = 0; n < 25; n++) attacker.push(await ask('attacker', n));
    const neighbours = [await ask('one'), await ask('two'), await ask('three')];
    const again = await ask('one');

    expect(statuses(attacker)).toEqual([200, 503]);
    expect(statuses(neighbours)).toEqual([200]);
    expect(again.body['code']).toBe('subject_token_replayed');
  });

  it('with credential URLs leaves room for those of its neighbours', async () => {
    const broker = await startSmall(false);
    const ask = async (sub: string) => {
      const made = await makeUrl(broker, { claims: { sub }, body: { Uses: 1 } });
      return useUrl(broker, pathOf(made));
    };
    const attacker: Answer[] = [];
    for (let n = 0; n < 25; n++) attacker.push(await ask('attacker'));
    const neighbours = [await ask('one'), await ask('two'), await ask('three')];

    expect(statuses(attacker)).toEqual([200, 503]);
    expect(statuses(neighbours)).toEqual([200]);
  });
});
