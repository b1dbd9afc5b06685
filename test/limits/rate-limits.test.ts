import { describe, expect, it } from 'vitest';
import { type AskOptions, startTestBroker } from '../support/broker.ts';
import {
  makeUrl,
  pathOf,
  TICKET_ENVIRONMENT,
  URLS_ON,
  useUrl,
} from '../support/credential-urls.ts';
import { limitedConfig, outcome, outcomesOf } from './arrange.ts';

const LIMITED = '429 rate_limited';
const TRUSTED_PROXY = 'callerAddress: { header: X-Forwarded-For, trustedHops: 1 }\n';

/** Repeated requests of one subject are answered from the cache, but still count. */
const limitsOf = (limits: string) => limitedConfig({ top: `limits: ${limits}` });
const addressLimitsOf = (limits: string) =>
  limitedConfig({ top: `${TRUSTED_PROXY}limits: ${limits}` });
const from = (address: string, options: AskOptions = {}): AskOptions => ({
  ...options,
  headers: { 'X-Forwarded-For': address },
});

describe('a rate limit for subjects', () => {
  it('grants requests up to the limit and refuses the next without a call to STS', async () => {
    const broker = await startTestBroker({
      config: limitsOf('{ subject: { requests: 3, window: 24h } }'),
    });
    const outcomes = await outcomesOf(5, () => broker.ask());
    const callsBefore = broker.stsCalls();
    const refused = await broker.ask({ body: { DurationSeconds: 1800 } });

    expect(outcomes).toEqual(['200', '200', '200', LIMITED, LIMITED]);
    expect(outcome(refused)).toBe(LIMITED);
    expect(broker.stsCalls()).toBe(callsBefore);
    expect(broker.auditLines().at(-1)).toMatchObject({
      decision: 'refused',
      reason: 'rate_limited',
      subject: 'user-1',
      why: { scope: 'subject', limit: 3, windowSeconds: 86_400 },
    });
    await broker.close();
  });

  it('reports what remains and when to try again', async () => {
    const broker = await startTestBroker({
      config: limitsOf('{ subject: { requests: 2, window: 24h } }'),
    });
    const answers = [await broker.ask(), await broker.ask(), await broker.ask()];
    const headers = (name: string) => answers.map((answer) => answer.headers.get(name));

    expect(headers('ratelimit-policy')).toEqual(Array(3).fill('"subject";q=2;w=86400'));
    expect(headers('ratelimit')).toEqual([
      '"subject";r=1;t=86400',
      expect.stringMatching(/^"subject";r=0;t=86(?:400|399|398)$/),
      expect.stringMatching(/^"subject";r=0;t=86(?:400|39\d)$/),
    ]);
    expect(headers('retry-after')).toEqual([null, null, expect.stringMatching(/^86(?:400|39\d)$/)]);
    await broker.close();
  });

  it('counts each subject separately and compares exactly', async () => {
    const broker = await startTestBroker({
      config: limitsOf('{ subject: { requests: 1, window: 24h } }'),
    });
    expect(
      await outcomesOf(4, (index) => broker.ask({ claims: { sub: ['a', 'A', 'a', 'b'][index] } })),
    ).toEqual(['200', '200', LIMITED, '200']);
    await broker.close();
  });

  it('counts requests with a good token that are refused later, since they cost work', async () => {
    const broker = await startTestBroker({
      config: limitsOf('{ subject: { requests: 3, window: 24h } }'),
    });
    const outside = { Target: 'oss://app-media/users/user-2/' };

    expect(await outcomesOf(4, () => broker.ask({ body: outside }))).toEqual([
      ...Array(3).fill('403 target_outside_grant'),
      LIMITED,
    ]);
    await broker.close();
  });

  it('counts malformed requests of a verified caller, and no refused tokens', async () => {
    const broker = await startTestBroker({
      config: limitsOf('{ subject: { requests: 3, window: 24h } }'),
    });
    await outcomesOf(2, () => broker.ask({ body: { Target: 'no-target' } }));
    await outcomesOf(2, () => broker.ask({ claims: { exp: 1 } }));

    expect(outcome(await broker.ask())).toBe('200');
    expect(outcome(await broker.ask())).toBe(LIMITED);
    await broker.close();
  });

  it('holds for simultaneous requests', async () => {
    const broker = await startTestBroker({
      config: limitsOf('{ subject: { requests: 10, window: 24h } }'),
    });
    const token = await broker.issuer.token();
    const answers = await Promise.all(Array.from({ length: 50 }, () => broker.ask({ token })));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40);
    await broker.close();
  });

  it('resets when its window ends', async () => {
    const broker = await startTestBroker({
      config: limitsOf('{ subject: { requests: 1, window: 1s } }'),
    });
    const first = await broker.ask();
    const outcomes = new Set<string>();
    while (!outcomes.has('200')) outcomes.add(outcome(await broker.ask()));

    expect(outcome(first)).toBe('200');
    expect([...outcomes]).toEqual([LIMITED, '200']);
    await broker.close();
  });

  it('is off by default', async () => {
    const broker = await startTestBroker();
    const answer = await broker.ask();

    expect(outcome(answer)).toBe('200');
    expect(answer.headers.get('ratelimit')).toBeNull();
    expect(answer.headers.get('ratelimit-policy')).toBeNull();
    await broker.close();
  });
});

describe('a rate limit for issuers', () => {
  it('counts all subjects together and does not report the count to callers', async () => {
    const broker = await startTestBroker({
      config: limitsOf('{ issuer: { requests: 2, window: 24h } }'),
    });
    const first = await broker.ask({ claims: { sub: 'a' } });

    expect(first.headers.get('ratelimit')).toBeNull();
    expect(
      await outcomesOf(2, (index) => broker.ask({ claims: { sub: `user-${index}` } })),
    ).toEqual(['200', LIMITED]);
    expect(broker.auditLines().at(-1)).toMatchObject({ why: { scope: 'issuer' } });
    await broker.close();
  });

  it('is not used up by requests outside their grant', async () => {
    const broker = await startTestBroker({
      config: limitsOf('{ issuer: { requests: 1, window: 24h } }'),
    });
    await outcomesOf(3, () => broker.ask({ body: { Target: 'oss://app-media/users/user-2/' } }));

    expect(outcome(await broker.ask())).toBe('200');
    await broker.close();
  });

  it('is not used up by a token that was used before, nor used up itself by this limit', async () => {
    const broker = await startTestBroker({
      config: limitedConfig({
        issuer: 'oneTimeTokens: true',
        top: 'limits: { issuer: { requests: 3, window: 3s } }',
      }),
    });
    const used = await broker.issuer.token({ jti: 'used' });
    const replays = await outcomesOf(6, () => broker.ask({ token: used }));
    const others = await outcomesOf(2, (n) => broker.ask({ claims: { jti: `other-${n}` } }));
    const token = await broker.issuer.token({ jti: 'late' });
    const late = new Set<string>();
    while (!late.has('200') && late.size < 3) late.add(outcome(await broker.ask({ token })));

    expect(replays).toEqual(['200', ...Array(5).fill('401 subject_token_replayed')]);
    expect(others).toEqual(['200', '200']);
    expect([...late]).toEqual([LIMITED, '200']);
    await broker.close();
  });

  it('is not used up by a credential URL without uses left', async () => {
    const broker = await startTestBroker({
      config: `${limitsOf('{ issuer: { requests: 4, window: 24h } }')}${URLS_ON}`,
      environment: TICKET_ENVIRONMENT,
    });
    const path = pathOf(await makeUrl(broker, { body: { Uses: 1 } }));
    const uses = await outcomesOf(6, () => useUrl(broker, path));

    expect(uses).toEqual(['200', ...Array(5).fill('401 credential_url_used_up')]);
    expect(await outcomesOf(3, () => broker.ask({ claims: { sub: 'other' } }))).toEqual([
      '200',
      '200',
      LIMITED,
    ]);
    await broker.close();
  });

  it('is not used up by a subject that is over its own limit', async () => {
    const broker = await startTestBroker({
      config: limitsOf(
        '{ subject: { requests: 1, window: 24h }, issuer: { requests: 2, window: 24h } }',
      ),
    });
    await outcomesOf(5, () => broker.ask({ claims: { sub: 'greedy' } }));

    expect(outcome(await broker.ask({ claims: { sub: 'modest' } }))).toBe('200');
    expect(outcome(await broker.ask({ claims: { sub: 'late' } }))).toBe(LIMITED);
    await broker.close();
  });
});

describe('a rate limit for caller addresses', () => {
  it('counts the address that the proxy wrote and ignores addresses that the caller wrote', async () => {
    const broker = await startTestBroker({
      config: addressLimitsOf('{ address: { requests: 1, window: 24h } }'),
    });
    const addresses = [
      '203.0.113.7',
      '198.51.100.1, 203.0.113.7',
      '::ffff:203.0.113.7',
      '203.0.113.8',
    ];

    expect(
      await outcomesOf(4, (index) =>
        broker.ask(from(addresses[index] ?? '', { claims: { sub: `user-${index}` } })),
      ),
    ).toEqual(['200', LIMITED, LIMITED, '200']);
    await broker.close();
  });

  it('counts the address of the connection if no proxy is configured, whatever the headers say', async () => {
    const broker = await startTestBroker({
      config: limitsOf('{ address: { requests: 1, window: 24h } }'),
    });

    expect(await outcomesOf(2, (index) => broker.ask(from(`203.0.113.${index}`)))).toEqual([
      '200',
      LIMITED,
    ]);
    await broker.close();
  });

  it('counts the addresses of an IPv6 /64 as one', async () => {
    const broker = await startTestBroker({
      config: addressLimitsOf('{ address: { requests: 1, window: 24h } }'),
    });
    const addresses = ['2001:db8::1', '2001:db8::ffff:2', '2001:db8:0:1::1'];

    expect(await outcomesOf(3, (index) => broker.ask(from(addresses[index] ?? '')))).toEqual([
      '200',
      LIMITED,
      '200',
    ]);
    await broker.close();
  });

  it('counts callers without a known address as one', async () => {
    const broker = await startTestBroker({
      config: addressLimitsOf('{ address: { requests: 1, window: 24h } }'),
    });
    const headers = ['', 'nonsense', 'unknown'];

    expect(await outcomesOf(3, (index) => broker.ask(from(headers[index] ?? '')))).toEqual([
      '200',
      LIMITED,
      LIMITED,
    ]);
    expect(outcome(await broker.ask(from('203.0.113.7')))).toBe('200');
    await broker.close();
  });
});

describe('a limit for refused tokens', () => {
  const config = addressLimitsOf('{ refusedTokens: { requests: 3, window: 24h } }');

  it('refuses every token from an address that sent too many bad ones, and from no other address', async () => {
    const broker = await startTestBroker({ config });
    const bad = await outcomesOf(4, () => broker.ask(from('203.0.113.7', { token: 'a.b.c' })));
    const good = await broker.ask(from('203.0.113.7'));
    const elsewhere = await broker.ask(from('203.0.113.8'));

    expect(bad).toEqual([...Array(3).fill('401 subject_token_invalid'), LIMITED]);
    expect(outcome(good)).toBe(LIMITED);
    expect(good.headers.get('ratelimit')).toMatch(/^"refused_tokens";r=0;t=\d+$/);
    expect(broker.auditLines()[4]).toMatchObject({
      reason: 'rate_limited',
      callerAddress: '203.0.113.7',
      why: { scope: 'refused_tokens', limit: 3 },
    });
    expect(broker.auditLines()[4]).not.toHaveProperty('subject');
    expect(outcome(elsewhere)).toBe('200');
    await broker.close();
  });

  it('counts neither granted requests nor requests that are refused after verification', async () => {
    const broker = await startTestBroker({ config });
    const granted = await outcomesOf(5, () => broker.ask(from('203.0.113.7')));
    const refused = await outcomesOf(5, () =>
      broker.ask(from('203.0.113.7', { body: { Grant: 'no-such-grant' } })),
    );

    expect(granted).toEqual(Array(5).fill('200'));
    expect(refused).toEqual(Array(5).fill('403 no_grant'));
    expect(outcome(await broker.ask(from('203.0.113.7')))).toBe('200');
    await broker.close();
  });

  it("does not count tokens while the issuer's keys are unavailable", async () => {
    const broker = await startTestBroker({ config });
    broker.issuer.fault('discovery', { kind: 'status', status: 500 });
    const refused = await outcomesOf(5, () => broker.ask(from('203.0.113.7')));
    broker.issuer.fault('discovery', undefined);
    broker.clock.offsetMs += 60_000;

    expect(refused).toEqual(Array(5).fill('503 issuer_unavailable'));
    expect(outcome(await broker.ask(from('203.0.113.7')))).toBe('200');
    await broker.close();
  });
});
