import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { letClockRun, passTime, stopClock } from '../faults/clock.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { generateSigningKey, type SigningKey, signCompact } from '../support/keys.ts';
import { generateRocaKey } from '../support/roca-key.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Where a broker that never asks STS is enough: a verified token is refused with 403. */
const OUTSIDE = { Target: 'oss://app-media/outside' };

let broker: TestBroker;
let told: string[];
beforeEach(async () => {
  stopClock();
  told = [];
  broker = await startTestBroker({ tell: (line) => told.push(line) });
});
afterEach(async () => {
  await broker.close();
  letClockRun();
});

async function burst(token: string, size: number): Promise<readonly number[]> {
  const answers = await Promise.all(
    Array.from({ length: size }, () => broker.ask({ token, body: OUTSIDE })),
  );
  return answers.map(({ status }) => status);
}

describe('threat 37: a withdrawn key that an idle instance still holds', () => {
  it.each([
    ['16 minutes', 16 * MINUTE_MS],
    ['an hour', HOUR_MS],
    ['23 hours', 23 * HOUR_MS],
    ['3 days', 72 * HOUR_MS],
  ])('verifies no token of a burst after %s', async (_what, idleMs) => {
    const [withdrawn] = broker.issuer.keys();
    expect((await broker.ask()).status).toBe(200);
    const calls = broker.stsCalls();
    const loads = broker.issuer.requests.jwks;
    broker.issuer.rotate();
    passTime(idleMs);
    const token = await broker.issuer.token({}, { key: withdrawn });

    expect(await burst(token, 50)).toEqual(Array.from({ length: 50 }, () => 401));
    expect((await broker.ask({ token })).status).toBe(401);
    expect(broker.stsCalls()).toBe(calls);
    // all of them waited for the one refresh; the second one was for the unknown key
    expect(broker.issuer.requests.jwks - loads).toBeLessThanOrEqual(2);
    expect((await broker.ask()).status).toBe(200);
  });

  it('verifies no token after idle time during which an earlier refresh had failed', async () => {
    const [withdrawn] = broker.issuer.keys();
    await broker.ask();
    broker.issuer.fault('jwks', { kind: 'status', status: 503 });
    passTime(HOUR_MS);
    expect((await broker.ask()).status).toBe(200);
    broker.issuer.fault('jwks', undefined);
    broker.issuer.rotate();
    const token = await broker.issuer.token({}, { key: withdrawn });

    // the pause after the failure has just ended; and the same after a long time
    passTime(2000);
    expect(await burst(token, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    passTime(5 * HOUR_MS);
    expect(await burst(token, 20)).toEqual(Array.from({ length: 20 }, () => 401));
  });

  it('still verifies while the issuer fails, at the cost of one request to it', async () => {
    await broker.ask();
    const loads = broker.issuer.requests.discovery;
    broker.issuer.fault('discovery', { kind: 'status', status: 503 });
    passTime(5 * HOUR_MS);
    const token = await broker.issuer.token();

    expect(await burst(token, 50)).toEqual(Array.from({ length: 50 }, () => 403));
    expect(await burst(token, 50)).toEqual(Array.from({ length: 50 }, () => 403));
    expect(broker.issuer.requests.discovery - loads).toBe(1);
    expect((await broker.ask()).status).toBe(200);
  });
});

describe('threat 34: an RSA key that a defective chip made (ROCA, CVE-2017-15361)', () => {
  const roca = generateRocaKey('weak');
  const sign = (key: SigningKey) =>
    signCompact({ alg: 'RS256', kid: 'weak', typ: 'JWT' }, broker.issuer.claims(), key);

  it('is not used, while another RSA key with that kid is', async () => {
    broker.issuer.publish({ keys: [roca.publicJwk] });
    const refused = await broker.ask({ token: sign(roca) });
    expect(broker.stsCalls()).toBe(0);
    const strong = generateSigningKey('RS256', 'weak');
    broker.issuer.publish({ keys: [strong.publicJwk] });
    passTime(MINUTE_MS);
    const granted = await broker.ask({ token: sign(strong) });

    expect([refused.status, granted.status]).toEqual([401, 200]);
    expect(refused.body['code']).toBe('subject_token_invalid');
  });

  it('is reported to the operator', async () => {
    broker.issuer.publish({ keys: [broker.issuer.keys()[0].publicJwk, roca.publicJwk] });
    await broker.ask();

    expect(told.join()).toMatch(/key 1 has the ROCA fingerprint/);
    expect(told.join()).not.toContain(roca.publicJwk.n);
  });

  it('is not used from the config either', async () => {
    const config = SIMPLE_CONFIG.replace(
      '    types:',
      `    jwks: ${JSON.stringify({ keys: [roca.publicJwk] })}\n    types:`,
    );
    const own = await startTestBroker({ config, issuer: broker.issuer });
    const refused = await own.ask({ token: sign(roca) });
    await own.close();

    expect(refused.status).toBe(401);
  });
});
