/** What an operator reads when STS no longer takes the source credentials. */
import { afterEach, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';

let broker: TestBroker;

afterEach(() => broker.close());

async function start() {
  const told: string[] = [];
  broker = await startTestBroker({ tell: (line) => void told.push(line) });
  const aboutThem = () => told.filter((line) => line.startsWith('STS refuses the source'));
  return { aboutThem };
}

const askFor = async (sub: string) => (await broker.ask({ claims: { sub } })).status;

describe('source credentials that STS refuses', () => {
  it('are named on standard error, once in a minute for many callers', async () => {
    const { aboutThem } = await start();
    broker.simulator.sts.faults.set({ kind: 'sourceCredentialsExpired' });
    const statuses = [await askFor('1'), await askFor('2'), await askFor('3')];

    expect(statuses).toEqual([503, 503, 503]);
    expect(aboutThem()).toEqual([
      'STS refuses the source credentials: STS answered InvalidSecurityToken.Expired: the source credentials have expired; renew them',
    ]);
  });

  it('are not named while STS takes them, or refuses something else', async () => {
    const { aboutThem } = await start();
    const granted = await askFor('1');
    broker.simulator.sts.faults.set({ kind: 'clockSkew' });
    const refused = await askFor('2');

    expect([granted, refused]).toEqual([200, 502]);
    expect(aboutThem()).toEqual([]);
  });
});
