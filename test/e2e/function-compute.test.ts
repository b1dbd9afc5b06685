import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startTestBroker, type TestBroker } from '../support/broker.ts';

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

  it.each(['/initialize', '/pre-stop'])('answer %s for Function Compute only', async (path) => {
    expect((await hook(onPlatform, path, path)).status).toBe(200);
    expect((await hook(onPlatform, path, '/http-invoke')).status).toBe(404);
    expect((await hook(onPlatform, path, undefined)).status).toBe(404);
    expect((await hook(elsewhere, path, path)).status).toBe(404);
  });

  it('load the keys of issuers before the first request', async () => {
    const broker = await startTestBroker({ isOnFunctionCompute: true });
    await hook(broker, '/initialize', '/initialize');
    const before = { ...broker.issuer.requests };
    const { status } = await broker.ask();

    expect(before).toMatchObject({ discovery: 1, jwks: 1 });
    expect(status).toBe(200);
    expect(broker.issuer.requests).toEqual(before);
    await broker.close();
  });

  it('wait in /pre-stop until the requests in flight are answered', async () => {
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

  it('do not wait for each other, so that nobody who forges one holds the instance', async () => {
    const broker = await startTestBroker({ isOnFunctionCompute: true });
    broker.simulator.sts.faults.once({ kind: 'slow', delayMs: 300 });
    const slow = broker.ask();
    while (broker.stsCalls() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const beganMs = Date.now();
    await Promise.all(Array.from({ length: 2 }, () => hook(broker, '/pre-stop', '/pre-stop')));

    expect(Date.now() - beganMs).toBeLessThan(4000);
    expect((await slow).status).toBe(200);
    await broker.close();
  });

  it('come with a request ID, which is used on Function Compute only', async () => {
    const headers = { 'x-fc-request-id': '1-64f6cd87-0f3a2b7e5c1d' };

    expect((await onPlatform.ask({ headers })).body['RequestId']).toBe(headers['x-fc-request-id']);
    expect((await elsewhere.ask({ headers })).body['RequestId']).not.toBe(
      headers['x-fc-request-id'],
    );
  });
});

describe('s.yaml', () => {
  const text = readFileSync(new URL('../../s.yaml', import.meta.url), 'utf8');
  const schema: object = JSON.parse(
    readFileSync(new URL('fc3-schema.json', import.meta.url), 'utf8'),
  );
  const validate = new Ajv({ strict: false }).compile(schema);
  const { edition, resources } = parse(text.replaceAll('$' + '{vars.region}', 'cn-hangzhou'));
  const { component, props } = resources.broker;

  it('matches the schema of the component fc3', () => {
    expect(edition).toBe('3.0.0');
    expect(component).toBe('fc3');
    expect(validate(props), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...props, instanceConcurrency: 1000 })).toBe(false);
  });

  it('matches it in its variant for a VPC', () => {
    const variant = text.replace(/^ {6}# (?=(?:vpcConfig|internetAccess| {2}\w+):)/gm, '      ');
    const inVpc = parse(variant.replaceAll('$' + '{vars.region}', 'cn-hangzhou')).resources.broker
      .props;

    expect(inVpc).toMatchObject({ internetAccess: true, vpcConfig: { vpcId: expect.any(String) } });
    expect(validate(inVpc), JSON.stringify(validate.errors)).toBe(true);
  });

  it('starts the file that the build writes, and checks its health at a path that exists', () => {
    expect(props).toMatchObject({
      code: './dist',
      customRuntimeConfig: {
        command: ['/code/node'],
        args: ['main.cjs'],
        port: 9000,
        healthCheckConfig: { httpGetUrl: '/health' },
      },
      triggers: [{ triggerConfig: { authType: 'anonymous' } }],
    });
    expect(props.instanceConcurrency).toBeGreaterThan(1);
  });
});
