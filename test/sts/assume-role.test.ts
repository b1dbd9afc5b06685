import { createRequire } from 'node:module';
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

/** The vendor's client without any of our care. */
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
    () => new Error('it was fulfilled'),
    (error: unknown) => error,
  );
  if (!(reason instanceof Error)) throw new Error('something else than an Error was thrown');
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
  it('gives the credential that STS issued for exactly what was asked', async () => {
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

describe('each trap of the SDK', () => {
  it('a redirect, by which STS throttles, is a success to the SDK and throttling to us', async () => {
    const redirect = { kind: 'redirect302', body: 'json' } as const;

    expect(await under(redirect, () => bare())).toMatchObject({ statusCode: 302 });
    expect(await refusalOf(under(redirect, () => ours()))).toMatchObject({
      reason: 'sts_throttled',
    });
  });

  it('a page of HTML is a SyntaxError without a status to the SDK, and STS unavailable to us', async () => {
    const page = { kind: 'html5xx', status: 502 } as const;
    const error = await errorOf(under(page, () => bare()));

    expect(error.name).toBe('SyntaxError');
    expect(error).not.toHaveProperty('statusCode');
    expect(await refusalOf(under(page, () => ours()))).toMatchObject({ reason: 'sts_unavailable' });
  });

  it('a network error quotes the URL, session policy included, and ours does not', async () => {
    const nobody = '127.0.0.1:1';
    const error = await errorOf(bare(nobody));
    const refusal = await refusalOf(ours(`http://${nobody}`));

    expect(error.message).toContain('canary-bucket');
    expect(refusal).toMatchObject({ reason: 'sts_unavailable' });
    expect(JSON.stringify(refusal)).not.toContain('canary');
  });

  it('a connect timeout is an idle timeout that ends a slow answer, so both are set alike', async () => {
    const slow = { kind: 'slow', delayMs: 1600 } as const;
    const error = await errorOf(
      under({ kind: 'hang' }, () => bare(undefined, { readTimeout: 5000, connectTimeout: 100 })),
    );

    expect(error.message).toContain('ConnectTimeout');
    // each piece comes in time, so that no idle timeout ends it: only a deadline does
    expect(await refusalOf(under(slow, () => ours()))).toMatchObject({
      reason: 'sts_unavailable',
      problem: `no answer within ${TIMEOUT_MS} ms`,
    });
  });

  it('an error of STS has its code, and none of its words in ours', async () => {
    const skew = { kind: 'clockSkew' } as const;
    const refusal = await refusalOf(under(skew, () => ours()));

    expect(refusal).toMatchObject({ reason: 'sts_refused', stsCode: 'InvalidTimeStamp.Expired' });
    expect((await errorOf(under(skew, () => bare()))).message).toContain('code: 400');
    expect(JSON.stringify(refusal)).not.toContain('code: 400');
  });
});

describe('an error of STS tells the operator', () => {
  it.each([
    ['that the role is not there', { roles: 'none' }, 'EntityNotExist.Role', 'CreateRole'],
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
      'that the role allows no session so long',
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
