/** When the client asks for a subject token, and where it sends it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { END_MS, errorOf, keyOf, refuse, scriptBroker } from './scripted-broker.ts';

afterEach(() => {
  vi.useRealTimers();
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
