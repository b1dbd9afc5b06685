/** Starts an account with a broker's user and role, and every source of credentials, on loopback. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { exportJWK, SignJWT } from 'jose';
import { createCloud, type Role } from '../../simulator/cloud.ts';
import { startSimulatedOss } from '../../simulator/oss/server.ts';
import { startSimulatedSts } from '../../simulator/sts/server.ts';
import { openSession } from '../../simulator/sts/session.ts';
import type { SourceCredentialsProvider } from '../../src/ports.ts';
import type { RamPolicy } from '../../src/session-policy/ram-policy.ts';
import type { SourceTools } from '../../src/source-credentials/loader.ts';
import type { Sleep } from '../../src/source-credentials/within-time.ts';
import { createAssumeRole } from '../../src/sts/assume-role.ts';
import { generateSigningKey } from '../support/keys.ts';
import { ignoreEvents } from '../support/observe.ts';

const ACCOUNT = '123456789012';
export const USER_ARN = `acs:ram::${ACCOUNT}:user/broker`;
export const BROKER_ROLE_ARN = `acs:ram::${ACCOUNT}:role/broker`;
export const UPLOADER_ARN = `acs:ram::${ACCOUNT}:role/oss-uploader`;
export const OIDC_ARN = `acs:ram::${ACCOUNT}:oidc-provider/cluster`;
export const EXTERNAL_ID = 'broker-2';

/** Part of the content of every spoiled source; it must never be shown. */
export const CANARY = 'canary-7d1f';

const MAY_ASSUME: RamPolicy = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }],
};

const MAY_UPLOAD: RamPolicy = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'oss:PutObject', Resource: '*' }],
};

/** A server for instance metadata or a credentials URI. */
export interface CredentialServer {
  readonly url: string;
  answer: { status: number; body: string } | 'hang';
  /** Method and path of each request, and whether it had a metadata token; oldest first. */
  readonly asked: string[];
}

export type World = Awaited<ReturnType<typeof startWorld>>;

export async function startWorld() {
  const cloud = createCloud({ accountId: ACCOUNT, now: Date.now });
  const role = (arn: string, extra: Partial<Role> = {}): Role => ({
    arn,
    policies: [MAY_ASSUME],
    trustedArns: [`acs:ram::${ACCOUNT}:root`, OIDC_ARN],
    maxSessionDurationSeconds: 3600,
    ...extra,
  });
  const brokerRole = role(BROKER_ROLE_ARN);
  cloud.roles.set(BROKER_ROLE_ARN, brokerRole);
  cloud.roles.set(UPLOADER_ARN, role(UPLOADER_ARN, { policies: [MAY_UPLOAD] }));
  cloud.buckets.set('app-media', { name: 'app-media', region: 'cn-hangzhou', corsOrigins: [] });
  const clusterKey = generateSigningKey('ES256', 'cluster');
  cloud.oidcProviders.set(OIDC_ARN, {
    issuer: 'https://oidc.example.com',
    audiences: ['sts.aliyuncs.com'],
    jwks: { keys: [{ ...(await exportJWK(clusterKey.publicKey)), alg: 'ES256' }] },
  });
  const sts = await startSimulatedSts({ cloud });
  const oss = await startSimulatedOss({ cloud });
  const directory = await mkdtemp(join(tmpdir(), 'source-credentials-'));
  const metadata = await startCredentialServer();
  const uri = await startCredentialServer();
  const environment: Record<string, string | undefined> = {};

  /** A new AccessKey of the broker's user. */
  function createUserKey() {
    const accessKeyId = `LTAI${randomBytes(8).toString('hex')}`;
    const accessKeySecret = `secret${randomBytes(12).toString('hex')}`;
    const keys = { accessKeyId, accessKeySecret };
    cloud.identities.set(accessKeyId, { ...keys, arn: USER_ARN, policies: [[MAY_ASSUME]] });
    return keys;
  }

  /** A new session of the broker's role, in the form of STS. */
  function createSession(durationSeconds = 3600) {
    const session = { role: brokerRole, roleSessionName: 'source', durationSeconds };
    return openSession({ cloud, randomBytes, ...session }).Credentials;
  }

  /** Runs `renew`, then deletes every source identity that existed before it. */
  async function replaceIdentities(renew: () => Promise<void>): Promise<void> {
    const before = [...cloud.identities.values()];
    await renew();
    for (const { arn, accessKeyId } of before) {
      if (!arn.includes(':assumed-role/oss-uploader')) cloud.identities.delete(accessKeyId);
    }
  }

  async function writeText(name: string, text: string): Promise<string> {
    const path = join(directory, name);
    // replaced atomically
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
    return path;
  }

  async function writeClusterToken(): Promise<string> {
    const token = await new SignJWT({ sub: 'system:serviceaccount:broker' })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('https://oidc.example.com')
      .setAudience('sts.aliyuncs.com')
      .setIssuedAt()
      .setExpirationTime('10m')
      .setJti(randomBytes(4).toString('hex'))
      .sign(clusterKey.privateKey);
    return writeText('oidc-token', token);
  }

  /** Redirects the fixed address of the metadata service to loopback. */
  const reach: typeof fetch = (input, init) =>
    fetch(String(input).replace('http://100.100.100.200', metadata.url), init);

  /** `hasShortDeadlines`: deadlines pass after 30 ms. */
  function createTools(options: { readonly hasShortDeadlines?: boolean } = {}): SourceTools {
    return {
      environment,
      homeDirectory: directory,
      region: 'cn-hangzhou',
      sts: { endpoint: sts.url },
      now: Date.now,
      random: () => 0.5,
      sleep: createSleep(options.hasShortDeadlines ?? false),
      fetch: reach,
      observe: ignoreEvents,
    };
  }

  function createSigner(sourceCredentials: SourceCredentialsProvider) {
    const settings = { endpoint: sts.url, network: 'public', timeoutMs: 5000 } as const;
    const region = 'cn-hangzhou';
    const { assumeRole } = createAssumeRole({
      region,
      sts: settings,
      sourceCredentials,
      now: Date.now,
    });
    return () =>
      assumeRole({
        caller: 'somebody',
        roleArn: UPLOADER_ARN,
        roleSessionName: 'caller',
        durationSeconds: 900,
        policy: JSON.stringify(MAY_UPLOAD),
      });
  }

  return {
    cloud,
    sts,
    oss,
    metadata,
    uri,
    environment,
    createUserKey,
    createSession,
    replaceIdentities,
    writeText,
    writeClusterToken,
    createTools,
    createSigner,
    /** Every existing secret, and the canary. */
    secrets: () => [
      CANARY,
      ...[...cloud.identities.values()].flatMap(({ accessKeySecret, securityToken }) => [
        accessKeySecret,
        ...(securityToken === undefined ? [] : [securityToken]),
      ]),
    ],
    async close() {
      await Promise.all([sts.close(), oss.close(), metadata.close(), uri.close()]);
      await rm(directory, { recursive: true });
    },
  };
}

/** Short delays pass at once. Long ones are deadlines, which pass after a minute, or soon. */
function createSleep(hasShortDeadlines: boolean): Sleep {
  return (delayMs, signal) =>
    delayMs < 1000
      ? Promise.resolve()
      : sleepFor(hasShortDeadlines ? 30 : 60_000, undefined, { signal, ref: false });
}

async function startCredentialServer(): Promise<CredentialServer & { close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const hasToken = request.headers['x-aliyun-ecs-metadata-token'] === 'metadata-token';
    running.asked.push(`${request.method} ${request.url}${hasToken ? ' with a token' : ''}`);
    if (running.answer === 'hang') return;
    if (request.method === 'PUT') return send(response, 200, 'metadata-token');
    if (request.url?.endsWith('security-credentials/') === true) {
      return send(response, 200, 'EcsRoleExample');
    }
    send(response, running.answer.status, running.answer.body);
  });
  const answer = { status: 200, body: '{}' };
  const running: CredentialServer = { url: await listen(server), answer, asked: [] };
  return Object.assign(running, {
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('There is no TCP address.');
  return `http://127.0.0.1:${address.port}`;
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
