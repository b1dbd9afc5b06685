import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { $OpenApiUtil } from '@alicloud/openapi-core';
import { AssumeRoleRequest } from '@alicloud/sts20150401';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../simulator/faults.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { createStaticCredentials } from '../../simulator/static-credentials.ts';
import { RefusalError } from '../../src/refusal.ts';
import { createAssumeRole } from '../../src/sts/assume-role.ts';

const TIMEOUT_MS = 400;
const POLICY =
  '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:GetObject","Resource":"acs:oss:*:*:canary-bucket/*"}]}';

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator({ now: Date.now, buckets: ['b'], region: 'cn-hangzhou' });
});

afterAll(async () => {
  await simulator.close();
});

function ours(endpoint = simulator.sts.url) {
  const { assumeRole } = createAssumeRole({
    region: 'cn-hangzhou',
    sts: { endpoint, network: 'public', timeoutMs: TIMEOUT_MS },
    sourceCredentials: createStaticCredentials(simulator.sourceCredentials),
    now: Date.now,
  });
  return assumeRole({
    caller: 'somebody',
    roleArn: simulator.roleArn,
    roleSessionName: 'session',
    durationSeconds: 900,
    policy: POLICY,
  });
}

/** Calls the vendor's client without the workarounds. */
function bare(
  endpoint = simulator.sts.host,
  timeouts = { readTimeout: TIMEOUT_MS, connectTimeout: TIMEOUT_MS },
) {
  const sdk: {
    default: new (config: object) => { assumeRole(request: object): Promise<unknown> };
  } = createRequire(import.meta.url)('@alicloud/sts20150401');
  const client = new sdk.default(
    new $OpenApiUtil.Config({
      ...simulator.sourceCredentials,
      endpoint,
      protocol: 'HTTP',
      ...timeouts,
    }),
  );
  return client.assumeRole(
    new AssumeRoleRequest({
      caller: 'somebody',
      roleArn: simulator.roleArn,
      roleSessionName: 'session',
      policy: POLICY,
    }),
  );
}

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const reason: unknown = await promise.then(
    () => new Error('the promise was fulfilled'),
    (error: unknown) => error,
  );
  if (!(reason instanceof Error)) throw new Error('the thrown value is not an Error');
  return reason;
}

async function refusalOf(promise: Promise<unknown>) {
  const error = await errorOf(promise);
  if (!(error instanceof RefusalError)) throw error;
  return error.refusal;
}

const under = <Result>(fault: Fault, run: () => Promise<Result>): Promise<Result> => {
  simulator.sts.faults.once(fault);
  return run();
};

describe('AssumeRole', () => {
  it('sends exactly the request, and returns the credential that STS issued', async () => {
    const role = await ours();

    expect(role).toMatchObject({ accessKeyId: expect.stringMatching(/^STS\./), isCached: false });
    expect(simulator.sts.calls.at(-1)?.params).toEqual({
      RoleArn: simulator.roleArn,
      RoleSessionName: 'session',
      DurationSeconds: '900',
      Policy: POLICY,
    });
  });
});

describe('a pitfall of the SDK', () => {
  it('is avoided: a redirect is a success for the SDK, and throttling for the broker', async () => {
    const redirect = { kind: 'redirect302', body: 'json' } as const;

    expect(await under(redirect, () => bare())).toMatchObject({ statusCode: 302 });
    expect(await refusalOf(under(redirect, () => ours()))).toMatchObject({
      reason: 'sts_throttled',
    });
  });

  it('is avoided: a request on a connection that STS has just closed fails, and the broker sends it again', async () => {
    const reset = { kind: 'reset' } as const;
    const error = await errorOf(under(reset, () => bare()));
    const calls = simulator.sts.calls.length;
    const role = await under(reset, () => ours());

    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(role.accessKeyId).toMatch(/^STS\./);
    expect(simulator.sts.calls.length - calls).toBe(2);
  });

  it('is avoided once only: STS that closes each connection is unavailable', async () => {
    simulator.sts.faults.once({ kind: 'reset' }, 2);
    const calls = simulator.sts.calls.length;

    expect(await refusalOf(ours())).toMatchObject({
      reason: 'sts_unavailable',
      problem: 'the connection failed (ECONNRESET)',
    });
    expect(simulator.sts.calls.length - calls).toBe(2);
  });

  it('is avoided in time only: after the deadline, nothing is sent again', async () => {
    let requests = 0;
    const trickling = createServer((_request, response) => {
      requests += 1;
      // no single read is slow, so the SDK waits until the connection is closed
      const writing = setInterval(() => response.write(' '), TIMEOUT_MS / 4);
      setTimeout(() => {
        clearInterval(writing);
        response.destroy();
      }, TIMEOUT_MS * 1.5);
    });
    await new Promise<void>((resolve) => trickling.listen(0, '127.0.0.1', resolve));
    const address = trickling.address();
    if (address === null || typeof address === 'string') throw new Error('there is no port');
    const refusal = await refusalOf(ours(`http://127.0.0.1:${address.port}`));
    await sleep(TIMEOUT_MS);
    trickling.closeAllConnections();
    trickling.close();

    expect(refusal).toMatchObject({ problem: `no answer within ${TIMEOUT_MS} ms` });
    expect(requests).toBe(1);
  });

  it('is avoided: an HTML page is a SyntaxError for the SDK, and an outage of STS for the broker', async () => {
    const page = { kind: 'html5xx', status: 502 } as const;
    const error = await errorOf(under(page, () => bare()));

    expect(error.name).toBe('SyntaxError');
    expect(error).not.toHaveProperty('statusCode');
    expect(await refusalOf(under(page, () => ours()))).toMatchObject({ reason: 'sts_unavailable' });
  });

  it('is avoided: a network error of the SDK contains the session policy, and the refusal does not', async () => {
    const nobody = '127.0.0.1:1';
    const error = await errorOf(bare(nobody));
    const refusal = await refusalOf(ours(`http://${nobody}`));

    expect(error.message).toContain('canary-bucket');
    expect(refusal).toMatchObject({ reason: 'sts_unavailable' });
    expect(JSON.stringify(refusal)).not.toContain('canary');
  });

  it('is avoided: the connect timeout of the SDK is an idle timeout, and the broker has a deadline', async () => {
    const slow = { kind: 'slow', delayMs: 1600 } as const;
    const error = await errorOf(
      under({ kind: 'hang' }, () => bare(undefined, { readTimeout: 5000, connectTimeout: 100 })),
    );

    expect(error.message).toContain('ConnectTimeout');
    // each chunk arrives in time, so only a deadline ends this answer
    expect(await refusalOf(under(slow, () => ours()))).toMatchObject({
      reason: 'sts_unavailable',
      problem: `no answer within ${TIMEOUT_MS} ms`,
    });
  });

  it('is avoided: an error of the SDK has the words of STS, and the refusal only the code', async () => {
    const skew = { kind: 'clockSkew' } as const;
    const refusal = await refusalOf(under(skew, () => ours()));

    expect(refusal).toMatchObject({ reason: 'sts_refused', stsCode: 'InvalidTimeStamp.Expired' });
    expect((await errorOf(under(skew, () => bare()))).message).toContain('code: 400');
    expect(JSON.stringify(refusal)).not.toContain('code: 400');
  });
});

describe('an error of STS says', () => {
  it.each([
    ['that the role does not exist', { roles: 'none' }, 'EntityNotExist.Role', 'CreateRole'],
    [
      'that the trust policy does not name the source identity',
      { trust: [] },
      'NoPermission',
      'trust policy',
    ],
    [
      'that the source identity may not assume the role',
      { policy: [] },
      'NoPermission',
      'own side is missing',
    ],
    [
      'that the role does not allow such a long session',
      { max: 800 },
      'InvalidParameter.DurationSeconds',
      'UpdateRole',
    ],
  ])('%s', async (_what, change, stsCode, hint) => {
    const other = await startSimulator({ now: Date.now, buckets: ['b'], region: 'cn-hangzhou' });
    const { cloud, roleArn, sourceCredentials } = other;
    const role = cloud.roles.get(roleArn);
    const user = cloud.identities.get(sourceCredentials.accessKeyId);
    if (role === undefined || user === undefined) throw new Error('the simulator has no role');
    if ('roles' in change) cloud.roles.clear();
    if ('trust' in change) cloud.roles.set(roleArn, { ...role, trustedArns: [] });
    if ('max' in change)
      cloud.roles.set(roleArn, { ...role, maxSessionDurationSeconds: change.max ?? 0 });
    if ('policy' in change) cloud.identities.set(user.accessKeyId, { ...user, policies: [[]] });
    const { assumeRole } = createAssumeRole({
      region: 'cn-hangzhou',
      sts: { endpoint: other.sts.url, network: 'public', timeoutMs: 2000 },
      sourceCredentials: createStaticCredentials(sourceCredentials),
      now: Date.now,
    });

    const refusal = await refusalOf(
      assumeRole({
        caller: 'somebody',
        roleArn,
        roleSessionName: 'session',
        durationSeconds: 900,
        policy: POLICY,
      }),
    );

    expect(refusal).toMatchObject({
      reason: 'sts_refused',
      stsCode,
      hint: expect.stringContaining(hint),
    });
    await other.close();
  });
});
