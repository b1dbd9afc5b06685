/** Each fault of the simulated STS, as the vendor's SDK and a plain HTTP client see it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../simulator/faults.ts';
import {
  ASSUME_ROLE,
  askFor,
  BROKER,
  createSdkClient,
  errorOf,
  type Fixture,
  sessionsOf,
  signAcs3,
  startFixture,
} from './fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture();
});
afterEach(() => fixture.sts.close());

const assumeRole = (timeoutMs = 5000) =>
  createSdkClient(fixture.sts.host, BROKER, { timeoutMs }).assumeRole(askFor());

function fetchRaw(): Promise<Response> {
  const { query, headers } = signAcs3(fixture.sts.host, { query: ASSUME_ROLE });
  const { host: _host, ...rest } = headers;
  return fetch(`${fixture.sts.url}/?${new URLSearchParams(query)}`, {
    method: 'POST',
    headers: rest,
    redirect: 'manual',
  });
}

describe('a fault', () => {
  it.each<[Fault, object]>([
    [{ kind: 'throttling' }, { code: 'Throttling.User', statusCode: 400, name: 'ThrottlingError' }],
    [
      { kind: 'json5xx', code: 'InternalError' },
      { code: 'InternalError', statusCode: 500 },
    ],
    [
      { kind: 'json5xx', code: 'ServiceUnavailable' },
      { code: 'ServiceUnavailable', statusCode: 503 },
    ],
    [
      { kind: 'sourceCredentialsExpired' },
      { code: 'InvalidSecurityToken.Expired', statusCode: 400 },
    ],
    [{ kind: 'clockSkew' }, { code: 'InvalidTimeStamp.Expired', statusCode: 400 }],
    [{ kind: 'html5xx', status: 502 }, { name: 'SyntaxError' }],
    [{ kind: 'html200' }, { name: 'SyntaxError' }],
    [{ kind: 'redirect302', body: 'html' }, { name: 'SyntaxError' }],
    [{ kind: 'hang' }, { name: 'RequestTimeoutError' }],
    [{ kind: 'reset' }, { message: expect.stringMatching(/ECONNRESET|socket hang up/) }],
  ])('%o reaches the SDK once and opens no session', async (fault, seen) => {
    fixture.sts.faults.once(fault);
    expect(await errorOf(assumeRole(fault.kind === 'hang' ? 1000 : 5000))).toMatchObject(seen);
    expect(sessionsOf(fixture)).toEqual([]);
    expect(fixture.sts.calls).toHaveLength(1);
    await assumeRole();
    expect(sessionsOf(fixture)).toHaveLength(1);
  });

  it.each<[Fault, number, string]>([
    [{ kind: 'redirect302', body: 'html' }, 302, '<html><body>302 Found</body></html>'],
    [{ kind: 'redirect302', body: 'empty' }, 302, ''],
    [{ kind: 'html5xx', status: 503 }, 503, '<html><body><h1>503</h1></body></html>'],
    [{ kind: 'empty200' }, 200, ''],
  ])('%o answers with status %i and body "%s"', async (fault, status, text) => {
    fixture.sts.faults.once(fault);
    const response = await fetchRaw();
    expect([response.status, await response.text()]).toEqual([status, text]);
  });

  it('can send half an answer', async () => {
    fixture.sts.faults.once({ kind: 'halfAnswer' });
    const response = await fetchRaw();
    expect(response.status).toBe(200);
    const text = response.text().catch(() => 'broken off');
    const another = assumeRole().then(() => 'still waiting');
    expect(await Promise.race([text, another])).toBe('still waiting');
  });

  it('can slow down the genuine answer without changing it', async () => {
    const sleeps: number[] = [];
    const slow = await startFixture({ sleep: async (delayMs) => sleeps.push(delayMs) });
    slow.sts.faults.once({ kind: 'slow', delayMs: 4000 });
    const { body } = await createSdkClient(slow.sts.host, BROKER).assumeRole(askFor());
    await slow.sts.close();
    expect(slow.cloud.identities.has(body?.credentials?.accessKeyId ?? '')).toBe(true);
    expect(sleeps).toEqual(Array.from({ length: 8 }, () => 500));
  });

  it('can omit or overwrite members of the credentials', async () => {
    fixture.sts.faults.once({
      kind: 'malformedCredentials',
      omit: ['SecurityToken'],
      set: { Expiration: 12, AccessKeyId: null },
    });
    expect(await (await fetchRaw()).json()).toMatchObject({
      Credentials: {
        AccessKeyId: null,
        AccessKeySecret: expect.any(String),
        Expiration: 12,
      },
    });
    expect(await (await fetchRaw()).json()).toHaveProperty('Credentials.SecurityToken');
  });
});

describe('the fault control', () => {
  it('keeps a fault until it is ended', async () => {
    fixture.sts.faults.set({ kind: 'throttling' });
    for (const _ of [1, 2, 3]) {
      expect(await errorOf(assumeRole())).toMatchObject({ code: 'Throttling.User' });
    }
    fixture.sts.faults.set(undefined);
    await assumeRole();
  });

  it('gives queued faults to the next requests in order, before the lasting one', async () => {
    fixture.sts.faults.set({ kind: 'clockSkew' });
    fixture.sts.faults.once({ kind: 'throttling' }, 2);
    fixture.sts.faults.once({ kind: 'json5xx', code: 'InternalError' });
    const codes = [];
    for (const _ of [1, 2, 3, 4]) codes.push((await errorOf(assumeRole()))['code']);
    expect(codes).toEqual([
      'Throttling.User',
      'Throttling.User',
      'InternalError',
      'InvalidTimeStamp.Expired',
    ]);
  });
});

describe('an error', () => {
  it('has the members that STS documents', async () => {
    fixture.sts.faults.once({ kind: 'throttling' });
    const response = await fetchRaw();
    expect(response.headers.get('content-type')).toBe('application/json;charset=utf-8');
    expect(await response.json()).toEqual({
      RequestId: response.headers.get('x-acs-request-id'),
      HostId: fixture.sts.host,
      Code: 'Throttling.User',
      Message: 'Request was denied due to user flow control.',
      Recommend: expect.stringMatching(
        /^https:\/\/api\.aliyun\.com\/troubleshoot\?q=Throttling.User/,
      ),
    });
  });
});

describe('flow control', () => {
  it('refuses requests beyond the limit of the account until the next second', async () => {
    const limited = await startFixture({ requestsPerSecond: 2 });
    const startedAtMs = Date.now();
    limited.clock.offsetMs = 0;
    const cloudNow = Math.floor(startedAtMs / 1000) * 1000;
    Reflect.set(limited.cloud, 'now', () => cloudNow + limited.clock.offsetMs);
    const client = createSdkClient(limited.sts.host, BROKER);
    await client.assumeRole(askFor());
    await client.assumeRole(askFor());
    expect(await errorOf(client.assumeRole(askFor()))).toMatchObject({ code: 'Throttling.User' });
    await client.getCallerIdentity();
    limited.clock.offsetMs = 1000;
    await client.assumeRole(askFor());
    await limited.sts.close();
  });
});
