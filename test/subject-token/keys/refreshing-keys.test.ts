/** When keys are loaded and refreshed: driven by requests, with one load for all that wait. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperationalEvent } from '../../../src/observe/event.ts';
import { createTestIssuer, type TestIssuer } from '../../support/issuer.ts';
import { createTestClock, fetchIssuer, refusalOf, verifierFor } from '../arrange.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

let clock: ReturnType<typeof createTestClock>;
let issuer: TestIssuer;
beforeEach(async () => {
  clock = createTestClock();
  issuer = await createTestIssuer({ now: clock.now });
});
afterEach(() => issuer.close());

/** A verifier on the test clock, and a network that can hang. */
function arrange() {
  const events: OperationalEvent[] = [];
  let isHanging = false;
  let calls = 0;
  const verify = verifierFor(issuer.trusted({ keys: { kind: 'jwksUri', uri: issuer.jwksUri } }), {
    now: clock.now,
    observe: (event) => events.push(event),
    fetchIssuer: (url, request) => {
      calls++;
      return isHanging ? new Promise<never>(() => undefined) : fetchIssuer(url, request);
    },
  });
  return {
    verify,
    events,
    calls: () => calls,
    hang(value: boolean) {
      isHanging = value;
    },
    /** Waits until every load has finished, including those in the background. */
    async background() {
      while (events.length < calls) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const down = { kind: 'status', status: 500 } as const;

describe('the first load', () => {
  it('starts with the first token', async () => {
    const { verify, calls } = arrange();
    expect(calls()).toBe(0);

    await verify(await issuer.token());

    expect(calls()).toBe(1);
  });

  it('is shared by all requests that need it', async () => {
    const { verify, calls } = arrange();
    const token = await issuer.token();

    await Promise.all(Array.from({ length: 100 }, () => verify(token)));

    expect(calls()).toBe(1);
  });

  it('can run in advance', async () => {
    const { verify, calls, events } = arrange();

    await Promise.all([verify.warm(), verify.warm()]);
    await verify.warm();
    await verify(await issuer.token());

    expect(calls()).toBe(1);
    expect(events).toEqual([{ kind: 'keys_loaded', issuerName: 'test', keys: 1, dropped: [] }]);
  });

  it('does not throw when it runs in advance and fails', async () => {
    const { verify, events } = arrange();
    issuer.fault('jwks', down);

    await verify.warm();

    const problem = 'the JWKS: answered with status 500';
    expect(events).toEqual([{ kind: 'key_refresh_failed', issuerName: 'test', problem }]);
  });

  it('is tried again after 1, 2, 4 and at most 30 seconds when it fails', async () => {
    const { verify, calls } = arrange();
    const token = await issuer.token();
    issuer.fault('jwks', down);

    for (const [index, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
      const refusals = await Promise.all(
        Array.from({ length: 20 }, () => refusalOf(verify(token))),
      );
      expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
      expect(refusals[0]).toEqual({
        reason: 'issuer_keys_unavailable',
        issuerName: 'test',
        problem: 'the JWKS: answered with status 500',
        retryAfterSeconds: seconds,
      });
      clock.advanceSeconds(seconds - 0.001);
      expect(await refusalOf(verify(token))).toMatchObject({ retryAfterSeconds: 1 });
      expect(calls()).toBe(index + 1);
      clock.advanceSeconds(0.001);
    }

    issuer.fault('jwks', undefined);
    await verify(await issuer.token());
  });
});

describe('held keys', () => {
  it('are not refetched for 10 minutes', async () => {
    const { verify, calls } = arrange();
    await verify.warm();

    clock.advanceSeconds(10 * MINUTE - 1);
    await verify(await issuer.token());
    expect(calls()).toBe(1);

    clock.advanceSeconds(1);
    await verify(await issuer.token());
    expect(calls()).toBe(2);
  });

  it('serve at once while they are refreshed, even if the issuer never answers', async () => {
    const { verify, calls, hang } = arrange();
    await verify.warm();
    clock.advanceSeconds(10 * MINUTE);
    hang(true);

    const token = await issuer.token();
    await Promise.all(Array.from({ length: 20 }, () => verify(token)));

    expect(calls()).toBe(2);
  });

  it('of 15 minutes wait for their refresh', async () => {
    const { verify, calls } = arrange();
    await verify.warm();
    const [withdrawn] = issuer.keys();
    const token = await issuer.token({ exp: clock.now() / 1000 + HOUR }, { key: withdrawn });
    issuer.rotate();

    clock.advanceSeconds(15 * MINUTE);
    const refusals = await Promise.all(Array.from({ length: 50 }, () => refusalOf(verify(token))));

    expect(new Set(refusals.map(({ reason }) => reason))).toEqual(new Set(['key_unknown']));
    expect(calls()).toBe(2);
  });

  it('of just under 15 minutes do not wait for it', async () => {
    const { verify, hang } = arrange();
    await verify.warm();
    clock.advanceSeconds(15 * MINUTE - 1);
    hang(true);

    await verify(await issuer.token());
  });

  it('of an hour serve at once during the pause after a failed refresh', async () => {
    const { verify, calls, hang } = arrange();
    await verify.warm();
    clock.advanceSeconds(HOUR);
    issuer.fault('jwks', down);
    await verify(await issuer.token());
    hang(true);

    for (let again = 0; again < 20; again++) await verify(await issuer.token());

    expect(calls()).toBe(2);
  });

  it('of an hour serve after a second if the issuer failed in the last minute and is silent', async () => {
    const { verify, calls, hang } = arrange();
    await verify.warm();
    clock.advanceSeconds(HOUR);
    issuer.fault('jwks', down);
    await verify(await issuer.token());
    hang(true);
    clock.advanceSeconds(59);

    // the load itself would take 5 s, and it never ends here
    await verify(await issuer.token());
    clock.advanceSeconds(1);
    // a second of this load has passed already
    for (let again = 0; again < 20; again++) await verify(await issuer.token());

    expect(calls()).toBe(3);
  }, 4000);

  it('serve while the issuer is down, but not after a day', async () => {
    const { verify, calls, background } = arrange();
    await verify.warm();
    issuer.fault('jwks', down);

    clock.advanceSeconds(10 * MINUTE);
    await verify(await issuer.token());
    await background();
    for (let again = 0; again < 50; again++) await verify(await issuer.token());
    expect(calls()).toBe(2);

    clock.advanceSeconds(24 * HOUR - 10 * MINUTE - 1);
    await verify(await issuer.token());
    await background();
    clock.advanceSeconds(1);
    const refusal = await refusalOf(verify(await issuer.token()));
    expect(refusal).toMatchObject({ reason: 'issuer_keys_unavailable', retryAfterSeconds: 1 });

    issuer.fault('jwks', undefined);
    clock.advanceSeconds(1);
    await verify(await issuer.token());
  });

  it('are gone after the next refresh if the issuer has withdrawn them', async () => {
    const { verify, background } = arrange();
    await verify.warm();
    const [withdrawn] = issuer.keys();
    issuer.rotate();
    clock.advanceSeconds(10 * MINUTE);
    const token = await issuer.token({}, { key: withdrawn });

    // The refresh runs in the background of this request.
    await verify(token);
    await background();

    expect((await refusalOf(verify(token))).reason).toBe('key_unknown');
    await verify(await issuer.token());
  });

  it('are all gone when the issuer publishes an empty set', async () => {
    const { verify, calls, background } = arrange();
    await verify.warm();
    issuer.publish({ keys: [] });
    clock.advanceSeconds(10 * MINUTE);
    await verify(await issuer.token());
    await background();

    const token = await issuer.token();
    for (let again = 0; again < 20; again++) {
      expect((await refusalOf(verify(token))).reason).toBe('key_unknown');
    }
    // One load for the empty set, and one for a kid that is not in it.
    expect(calls()).toBe(3);
  });

  it('stay when a refresh returns an invalid JWKS', async () => {
    const { verify, background, events } = arrange();
    await verify.warm();
    issuer.publish({ keys: 'none' });
    clock.advanceSeconds(10 * MINUTE);
    await verify(await issuer.token());
    await background();

    await verify(await issuer.token());
    expect(events.at(-1)).toMatchObject({ problem: 'the JWKS has no array "keys"' });
  });

  it('are used and refreshed when the clock is set back', async () => {
    const { verify, calls } = arrange();
    await verify.warm();
    clock.advanceSeconds(-2 * HOUR);

    await verify(await issuer.token());

    expect(calls()).toBe(2);
  });
});

describe('an unknown kid', () => {
  it('costs one load for all requests after a rotation', async () => {
    const { verify, calls } = arrange();
    await verify.warm();
    issuer.rotate({ keepOld: true });
    const token = await issuer.token();

    await Promise.all(Array.from({ length: 50 }, () => verify(token)));

    expect(calls()).toBe(2);
  });

  it('costs no second load right after the first', async () => {
    const { verify, calls } = arrange();

    const refusal = await refusalOf(verify(await issuer.token({}, { header: { kid: 'made-up' } })));

    expect(refusal).toEqual({
      reason: 'key_unknown',
      issuerName: 'test',
      unverified: { alg: 'ES256', kid: 'made-up' },
      keyAgeSeconds: 0,
    });
    expect(calls()).toBe(1);
  });

  it('costs one load in 30 seconds, however many kids are made up', async () => {
    const { verify, calls } = arrange();
    await verify.warm();
    const madeUp = (index: number) => issuer.token({}, { header: { kid: `made-up-${index}` } });

    for (let index = 0; index < 50; index++) {
      expect((await refusalOf(verify(await madeUp(index)))).reason).toBe('key_unknown');
    }
    expect(calls()).toBe(2);

    clock.advanceSeconds(29.999);
    await refusalOf(verify(await madeUp(51)));
    expect(calls()).toBe(2);

    clock.advanceSeconds(0.001);
    await refusalOf(verify(await madeUp(52)));
    expect(calls()).toBe(3);
  });

  it('costs no more while the issuer is down, and is not called unknown', async () => {
    const { verify, calls } = arrange();
    await verify.warm();
    issuer.fault('jwks', down);
    const token = await issuer.token({}, { header: { kid: 'new' } });

    for (let again = 0; again < 20; again++) {
      expect(await refusalOf(verify(token))).toMatchObject({
        reason: 'issuer_keys_unavailable',
        retryAfterSeconds: 30,
      });
      await verify(await issuer.token());
    }
    clock.advanceSeconds(29);
    await refusalOf(verify(token));

    expect(calls()).toBe(2);
  });

  it('never delays tokens with a known kid', async () => {
    const { verify, calls, hang } = arrange();
    await verify.warm();
    hang(true);
    const storm = Array.from({ length: 20 }, async (_, index) =>
      refusalOf(verify(await issuer.token({}, { header: { kid: `made-up-${index}` } }))),
    );

    for (let again = 0; again < 20; again++) await verify(await issuer.token());

    expect(calls()).toBe(2);
    expect(storm).toHaveLength(20);
  });

  it('loads new keys after the cooldown, even if a made-up kid started it', async () => {
    const { verify, calls } = arrange();
    await verify.warm();
    await refusalOf(verify(await issuer.token({}, { header: { kid: 'made-up' } })));
    issuer.rotate();

    expect((await refusalOf(verify(await issuer.token()))).reason).toBe('key_unknown');
    clock.advanceSeconds(30);
    await verify(await issuer.token());

    expect(calls()).toBe(3);
  });
});

describe('a load that was frozen with its function', () => {
  it('does not block the next one', async () => {
    const { verify, calls, hang } = arrange();
    hang(true);
    const stuck = verify(await issuer.token()).then(
      () => 'accepted',
      () => 'refused',
    );
    hang(false);

    clock.advanceSeconds(HOUR);
    await verify(await issuer.token());

    expect(calls()).toBe(2);
    expect(await Promise.race([stuck, 'stuck'])).toBe('stuck');
  });

  it('makes the next request wait for its refresh', async () => {
    const { verify, calls, hang } = arrange();
    await verify.warm();
    const [withdrawn] = issuer.keys();
    clock.advanceSeconds(10 * MINUTE);
    hang(true);
    await verify(await issuer.token());
    hang(false);
    issuer.rotate();

    clock.advanceSeconds(HOUR);
    const refusal = await refusalOf(verify(await issuer.token({}, { key: withdrawn })));

    expect(refusal.reason).toBe('key_unknown');
    expect(calls()).toBe(3);
    clock.advanceSeconds(10 * MINUTE);
    hang(true);
    await verify(await issuer.token());
  });
});
