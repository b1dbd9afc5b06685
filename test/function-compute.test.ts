import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from './support/broker.ts';

describe('the lifecycle hooks of Function Compute', () => {
  let onPlatform: TestBroker;
  let elsewhere: TestBroker;

  beforeAll(async () => {
    onPlatform = await startTestBroker({ isOnFunctionCompute: true });
    elsewhere = await startTestBroker();
  });

  afterAll(async () => {
    await Promise.all([onPlatform.close(), elsewhere.close()]);
  });

  const hook = (broker: TestBroker, path: string, controlPath: string | undefined) =>
    broker.ask({
      token: null,
      path,
      method: path === '/initialize' ? 'POST' : 'GET',
      headers: controlPath === undefined ? {} : { 'x-fc-control-path': controlPath },
    });

  it.each(['/initialize', '/pre-stop'])(
    'answers %s to the platform and to nobody else',
    async (path) => {
      expect((await hook(onPlatform, path, path)).status).toBe(200);
      expect((await hook(onPlatform, path, '/http-invoke')).status).toBe(404);
      expect((await hook(onPlatform, path, undefined)).status).toBe(404);
      expect((await hook(elsewhere, path, path)).status).toBe(404);
    },
  );

  it('loads the keys of issuers before the first request', async () => {
    const broker = await startTestBroker({ isOnFunctionCompute: true });
    await hook(broker, '/initialize', '/initialize');
    const before = { ...broker.issuer.requests };
    const { status } = await broker.ask();

    expect(before).toMatchObject({ discovery: 1, jwks: 1 });
    expect(status).toBe(200);
    expect(broker.issuer.requests).toEqual(before);
    await broker.close();
  });

  it('waits in /pre-stop until the requests in flight are answered', async () => {
    const broker = await startTestBroker({ isOnFunctionCompute: true });
    broker.simulator.sts.faults.once({ kind: 'slow', delayMs: 300 });
    let isAnswered = false;
    const slow = broker.ask().then(({ status }) => {
      isAnswered = true;
      return status;
    });
    while (broker.stsCalls() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await hook(broker, '/pre-stop', '/pre-stop');

    expect(isAnswered).toBe(true);
    expect(await slow).toBe(200);
    await broker.close();
  });

  it('takes the request id from the platform only', async () => {
    const headers = { 'x-fc-request-id': '1-64f6cd87-0f3a2b7e5c1d' };

    expect((await onPlatform.ask({ headers })).body['RequestId']).toBe(headers['x-fc-request-id']);
    expect((await elsewhere.ask({ headers })).body['RequestId']).not.toBe(
      headers['x-fc-request-id'],
    );
  });
});

describe('s.yaml', () => {
  it('names the files that the build writes and the paths that the broker answers', () => {
    const text = readFileSync(new URL('../s.yaml', import.meta.url), 'utf8');

    expect(text).toContain('args: [main.cjs]');
    expect(text).toContain('httpGetUrl: /health');
    expect(text).toContain('code: ./dist');
  });
});
