import { afterEach, describe, expect, it, vi } from 'vitest';
import { BrokerError } from '../../src/client/broker-error.ts';
import { createCredentialSource } from '../../src/client/credential-source.ts';
import { offline, refuse, scriptBroker } from './scripted-broker.ts';

const MINUTE_MS = 60_000;
/** RefreshAfter of the scripted broker's credentials. */
const REFRESH_MS = 12 * MINUTE_MS;
const END_MS = 15 * MINUTE_MS;

afterEach(() => {
  vi.useRealTimers();
});

const unavailable = refuse(503, 'sts_unavailable');
const keyOf = async ({ source }: ReturnType<typeof scriptBroker>) =>
  (await source.get()).accessKeyId;
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('there was no error');
    },
    (error: unknown) => error,
  );

describe('a credential source', () => {
  it('asks when it is first used, and once for all who ask', async () => {
    const broker = scriptBroker();
    expect(broker.tokens).toHaveLength(0);
    const all = await Promise.all([1, 2, 3].map(() => broker.source.get()));

    expect(new Set(all.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['STS.1']));
    expect(broker.tokens).toEqual(['Bearer subject.token.1']);
  });

  it('hands out what the broker answered, with bucket and prefix of each target', async () => {
    const { source } = scriptBroker();

    expect(await source.get()).toMatchObject({
      accessKeyId: 'STS.1',
      accessKeySecret: 'secret',
      securityToken: 'token',
      requestId: 'request-1',
      expiration: new Date('2026-11-23T18:15:00Z'),
      refreshAfter: new Date('2026-11-23T18:12:00Z'),
      clockOffsetMs: 999,
      grant: {
        name: 'user-files',
        targets: [
          {
            target: 'oss://app-media/users/42/',
            bucket: 'app-media',
            prefix: 'users/42/',
            permissions: ['read', 'write'],
            region: 'cn-hangzhou',
            endpoint: 'https://oss-cn-hangzhou.aliyuncs.com',
          },
        ],
      },
    });
  });

  it('keeps the credential until RefreshAfter', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    await broker.passTime(REFRESH_MS - 1000);

    expect(await keyOf(broker)).toBe('STS.1');
    expect(broker.tokens).toHaveLength(1);
  });

  it('asks from RefreshAfter on, and lets nobody wait for it', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    await broker.passTime(REFRESH_MS);
    let answer = () => {};
    broker.answers.push(
      () =>
        new Promise((resolve) => {
          answer = () => resolve(broker.grant());
        }),
    );

    expect(await Promise.all([keyOf(broker), keyOf(broker)])).toEqual(['STS.1', 'STS.1']);
    expect(broker.tokens).toHaveLength(2);

    answer();
    await broker.passTime(1);
    expect(await keyOf(broker)).toBe('STS.2');
    expect(broker.tokens).toHaveLength(2);
  });

  it('waits for the next credential near the end of the last', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    await broker.passTime(END_MS - MINUTE_MS);

    expect(await keyOf(broker)).toBe('STS.2');
  });

  it('uses the old credential while it is valid and the broker does not answer', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    for (const elapsed of [REFRESH_MS, MINUTE_MS, MINUTE_MS, MINUTE_MS - 1000]) {
      await broker.passTime(elapsed);
      broker.answers.push(offline);
      expect(await keyOf(broker)).toBe('STS.1');
    }
    expect(broker.tokens).toHaveLength(5);

    await broker.passTime(1000);
    broker.answers.push(refuse(403, 'no_grant'));
    const error = errorOf(broker.source.get());
    await broker.passTime(MINUTE_MS);
    expect(await error).toMatchObject({ code: 'no_grant' });
  });

  it('does not ask for each use while refreshing fails', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    await broker.passTime(END_MS - MINUTE_MS);
    broker.answers.push(refuse(403, 'no_grant'));
    for (let use = 0; use < 10; use += 1) expect(await keyOf(broker)).toBe('STS.1');

    expect(broker.tokens).toHaveLength(2);
    await broker.passTime(500);
    expect(await keyOf(broker)).toBe('STS.3');
  });

  it('waits longer after each failure, at most 30 s, and by chance up to the double', async () => {
    for (const random of [0, 1]) {
      const broker = scriptBroker({ random: () => random });
      await broker.source.get();
      await broker.passTime(REFRESH_MS);
      const pauses = [500, 1000, 2000, 4000, 8000, 15_000, 15_000].map((ms) => ms * (1 + random));
      for (const pauseMs of pauses) {
        broker.answers.push(offline);
        await broker.source.get();
        await broker.passTime(pauseMs - 1);
        const before = broker.tokens.length;
        await broker.source.get();
        expect(broker.tokens).toHaveLength(before);
        await broker.passTime(1);
      }
      await broker.source.get();
      expect(broker.tokens).toHaveLength(pauses.length + 2);
    }
  });

  it('knows at its first use after a sleep that its credential has ended', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    // no timer runs while the machine sleeps
    vi.setSystemTime(Date.now() + 8 * 3_600_000);

    expect(await keyOf(broker)).toBe('STS.2');
  });
});

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

describe('a subject token', () => {
  it.each([
    'subject_token_expired',
    'subject_token_replayed',
    'subject_token_required',
    'subject_token_life_too_short',
  ])('is renewed once after %s', async (code) => {
    const broker = scriptBroker();
    const status = code === 'subject_token_life_too_short' ? 403 : 401;
    broker.answers.push(refuse(status, code));
    expect(await keyOf(broker)).toBe('STS.2');
    expect(broker.renewals).toEqual([false, true]);

    await broker.passTime(END_MS);
    broker.answers.push(refuse(status, code), refuse(status, code));
    expect(await errorOf(broker.source.get())).toMatchObject({ code });
    expect(broker.tokens).toHaveLength(4);
  });

  it('is not renewed after any other refusal', async () => {
    const broker = scriptBroker();
    broker.answers.push(refuse(401, 'subject_token_invalid'));

    expect(await errorOf(broker.source.get())).toMatchObject({ code: 'subject_token_invalid' });
    expect(broker.renewals).toEqual([false]);
  });

  it('that cannot be had ends the wait with the error of the app', async () => {
    const signedOut = new Error('signed out');
    const broker = scriptBroker({ getSubjectToken: () => Promise.reject(signedOut) });

    expect(await errorOf(broker.source.get())).toBe(signedOut);
  });

  it.each(['', 'two words', 'a\nb', 'ü'])('is never sent if it is %j', async (token) => {
    const broker = scriptBroker({ getSubjectToken: () => token });
    const error = await errorOf(broker.source.get());

    expect(error).toEqual(new TypeError('no subject token'));
    expect(broker.tokens).toHaveLength(0);
  });

  it.each(['http://broker.example.com', 'http://localhost.example.com', 'ftp://localhost'])(
    'is never sent to %s',
    (url) => {
      expect(() => scriptBroker({ url })).toThrow(TypeError);
    },
  );

  it.each(['https://broker.example.com/', 'http://localhost:9000', 'http://127.0.0.1:9000//'])(
    'is sent to %s',
    async (url) => {
      const asked: unknown[] = [];
      const broker = scriptBroker({
        url,
        async fetch(...request) {
          asked.push(request);
          return broker.grant();
        },
        grant: 'user-files',
        permissions: ['write'],
      });
      await broker.source.get();

      expect(asked).toEqual([
        [
          `${url.replace(/\/+$/, '')}/v1/credentials`,
          expect.objectContaining({
            method: 'POST',
            redirect: 'error',
            body: '{"Grant":"user-files","Permissions":["write"]}',
          }),
        ],
      ]);
    },
  );
});

describe('a clock that is wrong', () => {
  it.each([-3_600_000, -600_000, 600_000, 3_600_000])(
    'by %i ms changes nothing',
    async (offsetMs) => {
      const broker = scriptBroker();
      broker.setClock(offsetMs);
      await broker.source.get();
      await broker.passTime(REFRESH_MS - 1);
      expect(await keyOf(broker)).toBe('STS.1');
      await broker.passTime(END_MS - REFRESH_MS);

      expect(await keyOf(broker)).toBe('STS.2');
      const { clockOffsetMs } = await broker.source.get();
      // Date has whole seconds
      expect(clockOffsetMs + offsetMs).toBeGreaterThanOrEqual(0);
      expect(clockOffsetMs + offsetMs).toBeLessThan(1000);
    },
  );

  it('is found out by Expiration and RefreshAfter where Date cannot be read', async () => {
    const broker = scriptBroker();
    broker.setClock(3_600_000);
    broker.answers.push(() => broker.grant({}));

    // RefreshAfter has whole seconds, so up to five are doubtful
    const { clockOffsetMs } = await broker.source.get();
    expect(clockOffsetMs + 3_600_000).toBeGreaterThanOrEqual(0);
    expect(clockOffsetMs + 3_600_000).toBeLessThan(5000);
    await broker.passTime(REFRESH_MS - 5000);
    expect(await keyOf(broker)).toBe('STS.1');
  });

  it('that is set back makes the source ask again', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    await broker.passTime(10 * MINUTE_MS);
    await broker.source.get();
    broker.setClock(-9 * MINUTE_MS);

    expect(await keyOf(broker)).toBe('STS.2');
    expect((await broker.source.get()).clockOffsetMs).toBe(9 * MINUTE_MS + 999);
  });

  it('that is set right by less than a second changes nothing', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    broker.setClock(-900);

    expect(await keyOf(broker)).toBe('STS.1');
  });

  it('does not make a slow answer look younger than it is', async () => {
    const broker = scriptBroker();
    broker.answers.push(async () => {
      const answer = broker.grant();
      vi.setSystemTime(Date.now() + 5000);
      return answer;
    });

    expect((await broker.source.get()).clockOffsetMs).toBe(999);
  });
});

describe('abort', () => {
  it('ends the wait of one caller, and not that of others', async () => {
    const broker = scriptBroker();
    let answer = () => {};
    broker.answers.push(
      () =>
        new Promise((resolve) => {
          answer = () => resolve(broker.grant());
        }),
    );
    const controller = new AbortController();
    const one = errorOf(broker.source.get({ signal: controller.signal }));
    const other = broker.source.get();
    controller.abort(new Error('left'));
    expect(await one).toEqual(new Error('left'));

    await broker.passTime(1);
    answer();
    expect((await other).accessKeyId).toBe('STS.1');
  });

  it('ends the request with its last waiter, and the next caller begins anew', async () => {
    const signals: AbortSignal[] = [];
    const source = createCredentialSource({
      url: 'https://broker.example.com',
      getSubjectToken: ({ signal }) => {
        signals.push(signal);
        // such as a window that the user closed
        return new Promise(() => {});
      },
    });
    const controllers = [new AbortController(), new AbortController()];
    const waits = controllers.map(({ signal }) => errorOf(source.get({ signal })));
    controllers[0]?.abort();
    await waits[0];
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    controllers[1]?.abort();
    const next = new AbortController();
    const again = errorOf(source.get({ signal: next.signal }));
    await waits[1];

    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    next.abort(new Error('left'));
    expect(await again).toEqual(new Error('left'));
  });

  it('comes before the request if the signal is aborted', async () => {
    const broker = scriptBroker();

    expect(await errorOf(broker.source.get({ signal: AbortSignal.abort('why') }))).toBe('why');
    expect(broker.tokens).toHaveLength(0);
  });

  it('is no failure: the next caller need not wait', async () => {
    const broker = scriptBroker();
    const controller = new AbortController();
    broker.answers.push(
      () => new Promise((_, reject) => controller.signal.addEventListener('abort', reject)),
    );
    const left = errorOf(broker.source.get({ signal: controller.signal }));
    await broker.passTime(1);
    controller.abort();
    await left;

    expect(await keyOf(broker)).toBe('STS.2');
  });
});

describe('an error', () => {
  it('has what the broker said', async () => {
    const broker = scriptBroker();
    const grants = ['user-files', 'team-files'];
    broker.answers.push(refuse(400, 'ambiguous_grant', { grants }));
    const error = await errorOf(broker.source.get());

    expect(error).toBeInstanceOf(BrokerError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'BrokerError',
      message: 'One fixed sentence.',
      code: 'ambiguous_grant',
      status: 400,
      requestId: 'r-1',
      retryAfter: 0,
      grants,
      isTransient: false,
    });
  });

  it('has status and request ID also if a proxy answered', async () => {
    const broker = scriptBroker();
    const headers = { 'x-request-id': 'proxy-1' };
    broker.answers.push(() => new Response('<h1>Not found</h1>', { status: 404, headers }));

    expect(await errorOf(broker.source.get())).toMatchObject({
      code: 'invalid_answer',
      message: 'invalid_answer',
      status: 404,
      requestId: 'proxy-1',
      isTransient: false,
    });
  });

  it('says that there was no answer, and why', async () => {
    const broker = scriptBroker();
    broker.answers.push(offline, offline, offline, offline);
    const error = errorOf(broker.source.get());
    await broker.passTime(MINUTE_MS);

    expect(await error).toMatchObject({
      code: 'network_error',
      status: 0,
      isTransient: true,
      cause: new TypeError('fetch failed'),
    });
  });

  it('holds no token and no key', async () => {
    const broker = scriptBroker();
    const body = '{"code":"x","detail":"y","AccessKeySecret":"s3cret","SecurityToken":"t0ken"}';
    broker.answers.push(() => new Response(body, { status: 400 }));
    const error = await errorOf(broker.source.get());

    const all = JSON.stringify(error, Object.getOwnPropertyNames(error));
    expect(all).toContain('"x"');
    expect(all).not.toMatch(/s3cret|t0ken|subject\.token/);
  });
});
