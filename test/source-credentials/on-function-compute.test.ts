/** Credentials in the headers of Function Compute are used for the request that carries them only. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../simulator/faults.ts';
import { openSession } from '../../simulator/sts/session.ts';
import type { RamPolicy } from '../../src/session-policy/ram-policy.ts';
import { createSourceCredentials } from '../../src/source-credentials/create-source-credentials.ts';
import type { SourceTools } from '../../src/source-credentials/loader.ts';
import {
  SIMPLE_CONFIG,
  startTestBroker,
  type TestBroker,
  type TestBrokerOptions,
} from '../support/broker.ts';
import { ignoreEvents } from '../support/observe.ts';

const FUNCTION_ROLE = 'acs:ram::123456789012:role/function';
const MAY_ASSUME: RamPolicy = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }],
};

let broker: TestBroker | undefined;
let environment: Record<string, string | undefined>;
let clock: { offsetMs: number };
beforeEach(() => {
  environment = {};
  clock = { offsetMs: 0 };
});
afterEach(() => broker?.close());

async function start(
  options: Pick<TestBrokerOptions, 'isOnFunctionCompute' | 'config' | 'tell'> = {},
): Promise<TestBroker> {
  const tools: SourceTools = {
    environment,
    homeDirectory: '/nonexistent',
    region: 'cn-hangzhou',
    sts: {},
    now: () => Date.now() + clock.offsetMs,
    random: () => 0.5,
    sleep: () => new Promise(() => {}),
    fetch,
    observe: ignoreEvents,
  };
  const type = options.config?.includes('type: environment') ? 'environment' : 'function';
  broker = await startTestBroker({
    isOnFunctionCompute: true,
    ...options,
    sourceCredentials: createSourceCredentials({ type }, tools),
  });
  const { cloud, roleArn } = broker.simulator;
  const role = cloud.roles.get(roleArn);
  if (role === undefined) throw new Error('There is no role.');
  cloud.roles.set(roleArn, { ...role, trustedArns: [FUNCTION_ROLE] });
  return broker;
}

/** A session of the function's role, as the platform opens it, or of another role. */
function openFunctionSession({ simulator }: TestBroker, arn = FUNCTION_ROLE) {
  const role = { arn, policies: [MAY_ASSUME], trustedArns: [], maxSessionDurationSeconds: 3600 };
  const session = { role, roleSessionName: 'fc', durationSeconds: 36 * 3600 };
  return openSession({ cloud: simulator.cloud, randomBytes, ...session }).Credentials;
}

type Session = ReturnType<typeof openFunctionSession>;

function setEnvironment(session: Session): void {
  environment['ALIBABA_CLOUD_ACCESS_KEY_ID'] = session.AccessKeyId;
  environment['ALIBABA_CLOUD_ACCESS_KEY_SECRET'] = session.AccessKeySecret;
  environment['ALIBABA_CLOUD_SECURITY_TOKEN'] = session.SecurityToken;
}

function toHeaders(session: Session): Record<string, string> {
  return {
    'x-fc-access-key-id': session.AccessKeyId,
    'x-fc-access-key-secret': session.AccessKeySecret,
    'x-fc-security-token': session.SecurityToken,
  };
}

const STRANGER = 'acs:ram::999999999999:role/evil';

function signers({ simulator }: TestBroker): readonly (string | undefined)[] {
  return simulator.sts.calls.map(({ accessKeyId }) => accessKeyId);
}

describe('on Function Compute', () => {
  it('signs with the environment, whatever the headers say', async () => {
    const running = await start();
    const own = openFunctionSession(running);
    setEnvironment(own);
    const spoofed = toHeaders(openFunctionSession(running, STRANGER));

    expect((await running.ask({ headers: spoofed })).status).toBe(200);
    expect(signers(running)).toEqual([own.AccessKeyId]);
  });

  it('signs with the headers if the environment is empty, for that request only', async () => {
    const running = await start();
    const own = openFunctionSession(running);
    const first = await running.ask({ headers: toHeaders(own) });
    const without = await running.ask();
    const second = await running.ask({ headers: toHeaders(own) });

    expect([first.status, without.status, second.status]).toEqual([200, 503, 200]);
    expect(without.body['code']).toBe('source_credentials_unavailable');
    expect(second.body['AccessKeyId']).not.toBe(first.body['AccessKeyId']);
    expect(signers(running)).toEqual([own.AccessKeyId, own.AccessKeyId]);
  });

  it('signs with the headers after STS has refused the environment, and retries that a second later', async () => {
    const running = await start();
    const old = openFunctionSession(running);
    setEnvironment(old);
    running.simulator.cloud.identities.delete(old.AccessKeyId);
    const fresh = openFunctionSession(running);

    for (let request = 0; request < 2; request += 1) {
      expect((await running.ask({ headers: toHeaders(fresh) })).status).toBe(200);
    }
    expect(signers(running)).toEqual([old.AccessKeyId, fresh.AccessKeyId, fresh.AccessKeyId]);

    clock.offsetMs = 1000;
    await running.ask({ headers: toHeaders(fresh) });
    expect(signers(running).at(-2)).toBe(old.AccessKeyId);
  });

  it('skips the environment for at most a second after a single STS refusal', async () => {
    const running = await start();
    const own = openFunctionSession(running);
    setEnvironment(own);
    running.simulator.sts.faults.once({ kind: 'sourceCredentialsExpired' });
    const statuses = [(await running.ask()).status, (await running.ask()).status];
    clock.offsetMs = 1000;

    expect(statuses).toEqual([503, 503]);
    expect(running.stsCalls()).toBe(1);
    expect((await running.ask()).status).toBe(200);
  });

  it('is ready if the environment or the request itself has credentials', async () => {
    const running = await start();
    const ready = async (headers: Record<string, string> = {}) =>
      (await running.ask({ method: 'GET', path: '/ready', token: null, headers })).status;
    const own = openFunctionSession(running);

    expect(await ready(toHeaders(own))).toBe(200);
    expect(await ready()).toBe(503);
    setEnvironment(own);
    expect(await ready()).toBe(200);
    expect(running.stsCalls()).toBe(0);
  });

  it('does not fall back to the headers for any other STS error', async () => {
    const running = await start();
    const own = openFunctionSession(running);
    setEnvironment(own);
    running.simulator.sts.faults.once({ kind: 'json5xx', code: 'InternalError' });
    const headers = toHeaders(openFunctionSession(running));

    expect((await running.ask({ headers })).body['code']).toBe('sts_unavailable');
    expect(signers(running)).toEqual([own.AccessKeyId]);
  });

  it.each(['x-fc-access-key-id', 'x-fc-access-key-secret', 'x-fc-security-token'])(
    'ignores the headers without %s',
    async (missing) => {
      const running = await start();
      const { [missing]: _left, ...headers } = toHeaders(openFunctionSession(running));

      expect((await running.ask({ headers })).status).toBe(503);
      expect(running.stsCalls()).toBe(0);
    },
  );

  it('ignores the headers if the config names another source', async () => {
    const running = await start({
      config: `${SIMPLE_CONFIG}sourceCredentials: { type: environment }\n`,
    });
    const headers = toHeaders(openFunctionSession(running));

    expect((await running.ask({ headers })).status).toBe(503);
    expect(running.stsCalls()).toBe(0);
  });
});

describe('the circuit to STS', () => {
  const OUTAGE = { kind: 'json5xx', code: 'InternalError' } as const;

  /** Ten requests, more than open the circuit, each signed with headers and failing in this way. */
  async function fail(running: TestBroker, fault: Fault): Promise<void> {
    const headers = toHeaders(openFunctionSession(running, STRANGER));
    for (let request = 0; request < 10; request += 1) {
      running.simulator.sts.faults.once(fault);
      const answer = await running.ask({ headers, claims: { sub: `stranger-${request}` } });
      expect(answer.status).toBe(503);
    }
  }

  it.each([{ kind: 'throttling' }, OUTAGE] as const)(
    'does not count requests that are signed with the headers: %o',
    async (fault) => {
      const told: string[] = [];
      const running = await start({ tell: (line) => told.push(line) });
      await fail(running, fault);
      const calls = running.stsCalls();
      // each of them asked STS, so none was refused by an open circuit
      expect(calls).toBe(10);

      setEnvironment(openFunctionSession(running));
      clock.offsetMs = 2000;
      expect((await running.ask()).status).toBe(200);
      expect(running.stsCalls()).toBe(calls + 1);
      expect(told.join()).not.toContain('STS fails');
    },
  );

  it('counts requests that are signed with the environment', async () => {
    const told: string[] = [];
    const running = await start({ tell: (line) => told.push(line) });
    setEnvironment(openFunctionSession(running));
    await fail(running, OUTAGE);

    expect(running.stsCalls()).toBe(5);
    expect(told.join()).toContain('STS fails');
    expect((await running.ask()).body['code']).toBe('sts_unavailable');
  });
});

describe('outside Function Compute', () => {
  it('ignores the headers', async () => {
    const running = await start({ isOnFunctionCompute: false });
    const own = openFunctionSession(running);

    expect((await running.ask({ headers: toHeaders(own) })).status).toBe(503);
    const ready = { method: 'GET', path: '/ready', token: null, headers: toHeaders(own) };
    expect((await running.ask(ready)).status).toBe(503);
    expect(running.stsCalls()).toBe(0);
    setEnvironment(own);
    expect((await running.ask({ headers: toHeaders(own) })).status).toBe(200);
  });
});

describe('spoofed headers', () => {
  /** Many requests at once of four callers, every second one with a stranger's credentials in its headers. */
  async function race(running: TestBroker, genuine: Record<string, string>) {
    const spoofed = toHeaders(openFunctionSession(running, STRANGER));
    return Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const token = await running.issuer.token({ sub: `user-${Math.floor(index / 10)}` });
        const isSpoofed = index % 2 === 0;
        const headers = isSpoofed ? spoofed : genuine;
        return { isSpoofed, answer: await running.ask({ token, headers }) };
      }),
    );
  }

  it('change nothing while the environment is valid', async () => {
    const running = await start();
    const own = openFunctionSession(running);
    setEnvironment(own);
    const outcomes = await race(running, {});

    expect(outcomes.map(({ answer }) => answer.status)).toEqual(outcomes.map(() => 200));
    expect(new Set(signers(running))).toEqual(new Set([own.AccessKeyId]));
  });

  it('fail only their own request if there are no other credentials', async () => {
    const running = await start();
    const outcomes = await race(running, toHeaders(openFunctionSession(running)));

    expect(
      outcomes.filter(({ isSpoofed, answer }) => answer.status !== (isSpoofed ? 502 : 200)),
    ).toEqual([]);
  });

  it('give no other request a credential, even if the role trusts the stranger', async () => {
    const running = await start();
    const { cloud, roleArn } = running.simulator;
    const role = cloud.roles.get(roleArn);
    if (role !== undefined) cloud.roles.set(roleArn, { ...role, trustedArns: [STRANGER] });
    const token = await running.issuer.token();
    const headers = toHeaders(openFunctionSession(running, STRANGER));

    expect((await running.ask({ token, headers })).status).toBe(200);
    expect((await running.ask({ token })).status).toBe(503);
  });

  it('are never shown, whether accepted or refused', async () => {
    const running = await start();
    const sessions = [openFunctionSession(running), openFunctionSession(running, STRANGER)];
    const answers = await Promise.all(
      sessions.map((session) => running.ask({ headers: toHeaders(session) })),
    );
    const shown = [running.log.text, ...answers.map(({ text }) => text)].join('\n');

    expect(answers.map(({ status }) => status)).toEqual([200, 502]);
    expect(running.log.text).toContain('sts_refused');
    for (const { AccessKeySecret, SecurityToken } of sessions) {
      expect(shown).not.toContain(AccessKeySecret);
      expect(shown).not.toContain(SecurityToken);
    }
  });
});
