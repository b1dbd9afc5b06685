import { describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker } from '../support/broker.ts';
import { generateSigningKey } from '../support/keys.ts';
import { limitedConfig, outcome, outcomesOf } from './arrange.ts';

const CONFIG = limitedConfig({ issuer: 'oneTimeTokens: true' });
const REPLAYED = '401 subject_token_replayed';

describe('a one-time token', () => {
  it('gets one credential', async () => {
    const broker = await startTestBroker({ config: CONFIG });
    const token = await broker.issuer.token({ jti: 'a' });
    const outcomes = await outcomesOf(3, () => broker.ask({ token }));
    const again = await broker.ask({ token });

    expect(outcomes).toEqual(['200', REPLAYED, REPLAYED]);
    expect(again.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(again.text).not.toContain('STS.');
    expect(broker.stsCalls()).toBe(1);
    expect(broker.auditLines().at(-1)).toMatchObject({
      decision: 'refused',
      reason: 'token_replayed',
      tokenId: 'a',
    });
    await broker.close();
  });

  it('is identified by its issuer and jti alone', async () => {
    const broker = await startTestBroker({ config: CONFIG });
    const outcomes = [
      outcome(await broker.ask({ claims: { jti: 'a' } })),
      // signed again, so another text; for another subject; for other permissions
      outcome(await broker.ask({ claims: { jti: 'a' } })),
      outcome(await broker.ask({ claims: { jti: 'a', sub: 'user-2' } })),
      outcome(await broker.ask({ claims: { jti: 'a' }, body: { Permissions: ['read'] } })),
      outcome(await broker.ask({ claims: { jti: 'A' } })),
      outcome(await broker.ask({ claims: { jti: 'b' } })),
    ];

    expect(outcomes).toEqual(['200', REPLAYED, REPLAYED, REPLAYED, '200', '200']);
    await broker.close();
  });

  it('of one issuer does not use up the token of another issuer with the same jti', async () => {
    const key = generateSigningKey('ES256', 'other-key');
    const iss = 'https://other.example.com';
    const config = CONFIG.replace(
      'grants:',
      `  - name: other
    issuer: ${iss}
    audiences: [oss-token-broker]
    oneTimeTokens: true
    jwks: ${JSON.stringify({ keys: [key.publicJwk] })}
    attributes: { user: { claim: sub } }
grants:`,
    ).concat(`
  - name: other-files
    issuer: other
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/other/{user}/", permissions: [read] }]
`);
    const broker = await startTestBroker({ config });
    const token = await broker.issuer.token({ iss, jti: 'a' }, { key });

    expect(outcome(await broker.ask({ claims: { jti: 'a' } }))).toBe('200');
    expect(await outcomesOf(2, () => broker.ask({ token }))).toEqual(['200', REPLAYED]);
    await broker.close();
  });

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is a number', 7],
  ])('is refused if its jti %s', async (_what, jti) => {
    const broker = await startTestBroker({ config: CONFIG });
    const answer = await broker.ask({ claims: jti === undefined ? {} : { jti } });

    expect(outcome(answer)).toBe('401 subject_token_invalid');
    expect(broker.auditLines().at(-1)).toMatchObject({
      reason: 'claim_invalid',
      why: { claim: 'jti' },
    });
    expect(broker.stsCalls()).toBe(0);
    await broker.close();
  });

  it('is not used up by a request that is refused', async () => {
    const broker = await startTestBroker({
      config: limitedConfig({
        issuer: 'oneTimeTokens: true',
        top: 'limits: { subject: { requests: 4, window: 2s } }',
      }),
    });
    await broker.ask({ claims: { jti: 'first' } });
    const token = await broker.issuer.token({ jti: 'a' });
    const outcomes = [
      outcome(await broker.ask({ token, body: { Target: 'oss://app-media/users/user-2/' } })),
      outcome(await broker.ask({ token, body: { DurationSeconds: 7200 } })),
      outcome(await broker.ask({ token, body: { Grant: 'no-such-grant' } })),
      outcome(await broker.ask({ token })),
    ];
    const later = new Set<string>();
    while (!later.has('200') && !later.has(REPLAYED))
      later.add(outcome(await broker.ask({ token })));

    expect(outcomes).toEqual([
      '403 target_outside_grant',
      '403 duration_outside_grant',
      '403 no_grant',
      '429 rate_limited',
    ]);
    expect(later).toContain('200');
    await broker.close();
  });

  it.each([
    [{ kind: 'json5xx', code: 'InternalError' } as const, '503 sts_unavailable'],
    [{ kind: 'clockSkew' } as const, '502 sts_refused'],
  ])('may be used again after an STS failure: %o', async (fault, expected) => {
    const broker = await startTestBroker({ config: CONFIG });
    const token = await broker.issuer.token({ jti: 'a' });
    broker.simulator.sts.faults.once(fault);

    expect(await outcomesOf(3, () => broker.ask({ token }))).toEqual([expected, '200', REPLAYED]);
    await broker.close();
  });

  it('may be used again after STS throttled for too long', async () => {
    const broker = await startTestBroker({ config: CONFIG.replace('timeout: 2s', 'timeout: 1s') });
    const token = await broker.issuer.token({ jti: 'a' });
    broker.simulator.sts.faults.set({ kind: 'throttling' });
    const throttled = outcome(await broker.ask({ token }));
    broker.simulator.sts.faults.set(undefined);

    expect(throttled).toBe('503 sts_throttled');
    expect(await outcomesOf(2, () => broker.ask({ token }))).toEqual(['200', REPLAYED]);
    await broker.close();
  });

  it('may be used again if the audit log failed and no credential was issued', async () => {
    let isBroken = true;
    const broker = await startTestBroker({
      config: CONFIG,
      write: () => (isBroken ? Promise.reject(new Error('EPIPE')) : Promise.resolve()),
    });
    const token = await broker.issuer.token({ jti: 'a' });
    const during = outcome(await broker.ask({ token }));
    isBroken = false;

    expect(during).toBe('503 audit_unavailable');
    expect(await outcomesOf(2, () => broker.ask({ token }))).toEqual(['200', REPLAYED]);
    await broker.close();
  });

  it('gets one credential when it is sent a hundred times at once', async () => {
    const broker = await startTestBroker({ config: CONFIG });
    const token = await broker.issuer.token({ jti: 'a' });
    const answers = await Promise.all(Array.from({ length: 100 }, () => broker.ask({ token })));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.map(outcome).filter((one) => one === REPLAYED)).toHaveLength(99);
    expect(broker.stsCalls()).toBe(1);
    await broker.close();
  });

  it('stays used up for as long as it is valid', async () => {
    const broker = await startTestBroker({ config: CONFIG });
    const token = await broker.issuer.token({ jti: 'a' });
    const outcomes = [outcome(await broker.ask({ token }))];
    // it lives for 600 s, and 30 s of clock tolerance
    for (const seconds of [300, 290, 35]) {
      broker.clock.offsetMs += seconds * 1000;
      outcomes.push(outcome(await broker.ask({ token })));
    }
    broker.clock.offsetMs += 10_000;
    outcomes.push(outcome(await broker.ask({ token })));

    expect(outcomes).toEqual(['200', REPLAYED, REPLAYED, REPLAYED, '401 subject_token_expired']);
    await broker.close();
  });

  it('is opt-in: without oneTimeTokens a token may be used again', async () => {
    const broker = await startTestBroker({ config: SIMPLE_CONFIG });
    const token = await broker.issuer.token({ jti: 'a' });

    expect(await outcomesOf(2, () => broker.ask({ token }))).toEqual(['200', '200']);
    await broker.close();
  });
});
