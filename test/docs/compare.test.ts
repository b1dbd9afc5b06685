/** What docs/compare.md says of other ways holds beside the broker, with the simulated STS and OSS. */
import { AssumeRoleRequest, AssumeRoleWithOIDCRequest } from '@alicloud/sts20150401';
import type OSS from 'ali-oss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role, SimulatedCloud } from '../../simulator/cloud.ts';
import { ACCOUNT, allow, createSdkClient } from '../simulator/sts/fixture.ts';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import {
  type Credential,
  createOssClient,
  credentialOf,
  ossRefusal,
} from '../support/oss-client.ts';

const PROVIDER_ARN = `acs:ram::${ACCOUNT}:oidc-provider/app`;
const NEIGHBOUR = 'users/user-2/secret.txt';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
  const { issuer, simulator } = broker;
  const jwks = { keys: issuer.keys().map(({ publicJwk }) => publicJwk) };
  const provider = { issuer: issuer.url, audiences: ['oss-token-broker'], jwks };
  simulator.cloud.oidcProviders.set(PROVIDER_ARN, provider);
  change(simulator.cloud, ({ trustedArns }) => ({ trustedArns: [...trustedArns, PROVIDER_ARN] }));
  const neighbour = await broker.ask({ claims: { sub: 'user-2' } });
  await clientOf(credentialOf(neighbour.body)).put(NEIGHBOUR, Buffer.from('secret'));
});
afterAll(() => broker.close());

function change(cloud: SimulatedCloud, toMembers: (role: Role) => Partial<Role>): void {
  const role = cloud.roles.get(broker.simulator.roleArn);
  if (role === undefined) throw new Error('the simulator has no role');
  cloud.roles.set(role.arn, { ...role, ...toMembers(role) });
}

function clientOf(credential: Credential, endpoint = broker.simulator.oss.url): OSS {
  return createOssClient(endpoint, credential, { authorizationV4: true });
}

async function fromBroker(): Promise<OSS> {
  return clientOf(credentialOf((await broker.ask()).body));
}

/** A client whose credential the caller got from STS by itself. */
async function withOidc(policy?: string): Promise<OSS> {
  const request = new AssumeRoleWithOIDCRequest({
    OIDCProviderArn: PROVIDER_ARN,
    OIDCToken: await broker.issuer.token(),
    roleArn: broker.simulator.roleArn,
    roleSessionName: 'caller',
    ...(policy === undefined ? {} : { policy }),
  });
  const { body } = await sdk().assumeRoleWithOIDC(request);
  return clientOf(toCredential(body?.credentials));
}

/** A client whose credential a server of one page got for it. */
async function fromOwnService(policy?: string): Promise<OSS> {
  const request = new AssumeRoleRequest({
    roleArn: broker.simulator.roleArn,
    roleSessionName: 'caller',
    ...(policy === undefined ? {} : { policy }),
  });
  const { body } = await sdk().assumeRole(request);
  return clientOf(toCredential(body?.credentials));
}

function sdk() {
  const { sts, sourceCredentials } = broker.simulator;
  return createSdkClient(sts.host, sourceCredentials);
}

function toCredential(
  given: { accessKeyId?: string; accessKeySecret?: string; securityToken?: string } | undefined,
): Credential {
  return {
    AccessKeyId: given?.accessKeyId ?? '',
    AccessKeySecret: given?.accessKeySecret ?? '',
    SecurityToken: given?.securityToken ?? '',
  };
}

/** The session policy that a server makes of a user's name without looking at it. */
function policyAround(user: string): string {
  return JSON.stringify(allow('oss:GetObject', `acs:oss:*:*:app-media/users/${user}/*`));
}

async function textOf(client: OSS, key: string): Promise<string> {
  const { content } = await client.get(key);
  return String(content);
}

describe('a session policy', () => {
  it('takes away, and without one the credential can do all that the role can', async () => {
    expect(await textOf(await fromOwnService(), NEIGHBOUR)).toBe('secret');
    expect(await ossRefusal((await fromOwnService(policyAround('user-1'))).get(NEIGHBOUR))).toBe(
      'AccessDenied',
    );
  });

  it('adds nothing that the role cannot do', async () => {
    const { cloud } = broker.simulator;
    const everything = JSON.stringify(allow('oss:*'));
    const { policies } = cloud.roles.get(broker.simulator.roleArn) ?? { policies: [] };
    const before = await fromOwnService(everything);
    expect((await before.put('users/user-1/a.txt', Buffer.from('a'))).res.status).toBe(200);

    change(cloud, () => ({ policies: [allow('oss:GetObject')] }));
    try {
      const after = await fromOwnService(everything);
      expect(await textOf(after, 'users/user-1/a.txt')).toBe('a');
      expect(await ossRefusal(after.put('users/user-1/a.txt', Buffer.from('b')))).toBe(
        'AccessDenied',
      );
    } finally {
      change(cloud, () => ({ policies }));
    }
  });
});

describe('AssumeRoleWithOIDC by the client', () => {
  it("lets user 1 read the files of user 2; the broker's credential for the same token does not", async () => {
    expect(await textOf(await withOidc(), NEIGHBOUR)).toBe('secret');
    expect(await ossRefusal((await fromBroker()).get(NEIGHBOUR))).toBe('AccessDenied');
  });

  it('takes away from its own credential what the client wants', async () => {
    const client = await withOidc(policyAround('user-1'));

    expect(await ossRefusal(client.get(NEIGHBOUR))).toBe('AccessDenied');
  });
});

describe('a presigned URL', () => {
  /** ali-oss signs no URL for an IP address, so it signs for a host name, and the URL goes to the simulator. */
  async function send(method: 'GET' | 'PUT', key: string, as = { method, key }): Promise<number> {
    const credential = credentialOf((await broker.ask()).body);
    const signer = clientOf(credential, 'http://oss-cn-hangzhou.aliyuncs.com');
    const { pathname, search } = new URL(await signer.signatureUrlV4(method, 60, undefined, key));
    const path = pathname.replace(`/${key}`, () => `/${as.key}`);
    const address = `${broker.simulator.oss.url}/app-media${path}${search}`;
    const body = as.method === 'PUT' ? { body: Buffer.from('text') } : {};
    return (await fetch(address, { method: as.method, ...body })).status;
  }

  it('is good for one object and one method', async () => {
    const [key, other] = ['users/user-1/one.txt', 'users/user-1/two.txt'];

    expect(await send('PUT', key)).toBe(200);
    expect(await send('PUT', other)).toBe(200);
    expect(await send('GET', key)).toBe(200);
    expect(await send('GET', key, { method: 'GET', key: other })).toBe(403);
    expect(await send('GET', key, { method: 'PUT', key })).toBe(403);
  });

  it("reaches no more than the grant if the broker's credential signs it", async () => {
    expect(await send('GET', NEIGHBOUR)).toBe(403);
  });
});

describe('a service of your own', () => {
  it('gives everything to a user named * if it does not check names; the broker refuses the name', async () => {
    expect(await textOf(await fromOwnService(policyAround('*')), NEIGHBOUR)).toBe('secret');
    const refused = await broker.ask({ claims: { sub: '*' } });
    expect(refused.status).toBe(403);
  });
});
