/** What a running broker tells the operator on standard error, and what the readiness probe leaves in the audit log. */
import { afterEach, describe, expect, it } from 'vitest';
import { refuse } from '../../src/refusal.ts';
import { startTestBroker, type TestBroker, type TestBrokerOptions } from '../support/broker.ts';

let broker: TestBroker | undefined;
afterEach(() => broker?.close());

async function start(options: TestBrokerOptions = {}) {
  const told: string[] = [];
  const running = await startTestBroker({ ...options, tell: (line) => void told.push(line) });
  broker = running;
  const askEach = async (count: number) => {
    for (let user = 0; user < count; user++) {
      await running.ask({ claims: { sub: `${told.length}-${user}` } });
    }
  };
  return { running, told, askEach };
}

describe('a running broker tells the operator', () => {
  it('that the keys of an issuer are unavailable, why, and that they are back', async () => {
    const { running, told } = await start();
    running.issuer.fault('jwks', { kind: 'status', status: 500 });
    await running.ask();
    running.issuer.fault('jwks', undefined);
    running.clock.offsetMs += 60_000;
    await running.ask();

    expect(told).toEqual([
      'issuer app: the keys cannot be loaded: the JWKS: answered with status 500',
      'issuer app: 1 key loaded',
    ]);
  });

  it('that STS fails, once for many requests, and that it answers again', async () => {
    const { running, told, askEach } = await start();
    running.simulator.sts.faults.set({ kind: 'json5xx', code: 'InternalError' });
    await askEach(20);
    running.simulator.sts.faults.set(undefined);
    running.clock.offsetMs += 60_000;
    await askEach(2);

    expect(told.filter((line) => line.startsWith('STS'))).toEqual([
      'STS fails (STS answered InternalError): requests are refused until it answers again',
      'STS answers again',
    ]);
  });

  it('that STS throttles, though the circuit is still closed', async () => {
    const { running, told, askEach } = await start();
    running.simulator.sts.faults.once({ kind: 'throttling' });
    await askEach(2);

    expect(told.filter((line) => line.startsWith('STS'))).toEqual([
      'STS throttles AssumeRole: it allows 100 calls a second for the whole account',
    ]);
  });
});

describe('a broker that is not ready', () => {
  it('says why in the audit log, and not to whoever asks', async () => {
    const problem = 'ecs_ram_role: there is no metadata service';
    const unavailable = () =>
      Promise.reject(refuse({ reason: 'source_credentials_unavailable', problem }));
    const { running } = await start({
      sourceCredentials: { get: unavailable, renew: unavailable },
    });
    const answer = await running.ask({ method: 'GET', path: '/ready', token: null });

    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain('metadata');
    expect(running.auditLines()).toMatchObject([
      { reason: 'source_credentials_unavailable', why: { problem } },
    ]);
  });
});
