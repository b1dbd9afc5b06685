/** What an error tells the app. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BrokerError } from '../../src/client/broker-error.ts';
import { errorOf, MINUTE_MS, offline, refuse, scriptBroker } from './scripted-broker.ts';

afterEach(() => {
  vi.useRealTimers();
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
