/** A broker with the issuers and grants of the pages, and a subject token for each kind of caller. */
import { startTestBroker, type TestBroker, type TestBrokerOptions } from '../support/broker.ts';
import { TICKET_ENVIRONMENT } from '../support/credential-urls.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { everyCallerConfig, toSimulated } from './configs.ts';

export const ISSUERS = {
  app: 'https://login.example.com/',
  acme: 'https://id.acme.example/',
  ci: 'https://token.actions.githubusercontent.com',
};

export interface World {
  readonly broker: TestBroker;
  /** Subject tokens of the issuers, good ones unless `claims` says otherwise. */
  token(caller: keyof typeof ISSUERS, claims?: Readonly<Record<string, unknown>>): Promise<string>;
  /** From now on, the issuer does not publish its keys. */
  faultKeys(caller: keyof typeof ISSUERS): void;
  close(): Promise<void>;
}

const CLAIMS = {
  app: { sub: '42', email_verified: true, plan: 'pro', jti: 'c0ffee' },
  acme: { sub: 'nightly-report', client_id: 'reporting' },
  ci: {
    sub: 'repo:acme/tool:ref:refs/heads/main',
    repository_id: '987',
    repository_owner_id: '1234567',
    ref: 'refs/heads/main',
  },
};

/** Starts it. `bucket` replaces what the config says of its buckets beside their region. */
export async function startWorld(
  options: Omit<TestBrokerOptions, 'config'> & {
    readonly config?: Readonly<Record<string, unknown>>;
    readonly bucket?: Readonly<Record<string, unknown>>;
  } = {},
): Promise<World> {
  const { config = everyCallerConfig(), bucket, corsOrigins = [], ...others } = options;
  const issuers: Readonly<Record<keyof typeof ISSUERS, TestIssuer>> = {
    app: await createTestIssuer(),
    acme: await createTestIssuer(),
    ci: await createTestIssuer(),
  };
  const broker = await startTestBroker({
    ...others,
    issuer: issuers.app,
    environment: TICKET_ENVIRONMENT,
    corsOrigins,
    config: toSimulated(config, {
      issuers: {
        [ISSUERS.app]: issuers.app.url,
        [ISSUERS.acme]: issuers.acme.url,
        [ISSUERS.ci]: issuers.ci.url,
      },
      corsOrigins,
      ...(bucket === undefined ? {} : { bucket }),
    }),
  });
  addReleases(broker);
  return {
    broker,
    token: (caller, claims = {}) => issuers[caller].token({ ...CLAIMS[caller], ...claims }),
    faultKeys: (caller) => issuers[caller].fault('jwks', { kind: 'status', status: 500 }),
    async close() {
      await broker.close();
      await Promise.all(Object.values(issuers).map((issuer) => issuer.close()));
    },
  };
}

/** The bucket and the role of the CI job, beside those that the simulator begins with. */
function addReleases({ simulator }: TestBroker): void {
  const { cloud, roleArn, sourceCredentials } = simulator;
  const role = cloud.roles.get(roleArn);
  const user = cloud.identities.get(sourceCredentials.accessKeyId);
  if (role === undefined || user === undefined) throw new Error('the simulator has no account');
  const arn = roleArn.replace('oss-uploader', 'oss-releases');
  const Resource = ['acs:oss:*:*:releases', 'acs:oss:*:*:releases/*'];
  cloud.buckets.set('releases', { name: 'releases', region: 'cn-hangzhou', corsOrigins: [] });
  cloud.roles.set(arn, {
    ...role,
    arn,
    policies: [{ Version: '1', Statement: [{ Effect: 'Allow', Action: 'oss:*', Resource }] }],
  });
  const Statement = [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Resource: [roleArn, arn].map((name) => name.replace('::', ':*:')),
    } as const,
  ];
  cloud.identities.set(user.accessKeyId, {
    ...user,
    policies: [[{ Version: '1', Statement }]],
  });
}
