/** The AWS SDK, configured by environment variables alone, in a process of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { useS3 } from '../support/s3-process.ts';

type Environment = Readonly<Record<string, string>>;

let broker: TestBroker;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aws-sdk-'));
  broker = await startTestBroker({ config: `${SIMPLE_CONFIG}surfaces: { aws: true }\n` });
});

afterAll(async () => {
  await broker.close();
  rmSync(folder, { recursive: true });
});

/** What the page about S3 tools says, beside what says who the caller is. */
const dataPath = (): Environment => ({
  AWS_ENDPOINT_URL_S3: broker.simulator.oss.s3Url,
  AWS_REGION: 'cn-hangzhou',
  AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
  AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
});

function toFile(name: string, token: string): string {
  const file = join(folder, name);
  writeFileSync(file, token, { mode: 0o600 });
  return file;
}

const use = (user: string, environment: Environment) =>
  useS3(user, { ...dataPath(), ...environment });

/** Variables of one way to say who the caller is. */
type Way = (token: string) => Environment;

const webIdentity: Way = (token) => ({
  AWS_ROLE_ARN: 'acs:ram::123456789012:role/user-files',
  AWS_WEB_IDENTITY_TOKEN_FILE: toFile('web-identity', token),
  AWS_ENDPOINT_URL_STS: broker.url,
});

const WAYS: readonly (readonly [name: string, way: Way])[] = [
  ['AWS_WEB_IDENTITY_TOKEN_FILE', webIdentity],
  [
    'AWS_CONTAINER_AUTHORIZATION_TOKEN',
    (token) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${broker.url}/v1/aws-credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    }),
  ],
  [
    'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    (token) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${broker.url}/v1/aws-credentials?Grant=user-files&Permissions=read,write,list`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: toFile('container', token),
    }),
  ],
];

describe('the AWS SDK for JavaScript', () => {
  it.each(WAYS)(
    'by %s puts, uploads in parts, lists and presigns, within its prefix only',
    async (name, way) => {
      const user = name.toLowerCase();
      const linesBefore = broker.auditLines().length;
      const results = await use(user, way(await broker.issuer.token({ sub: user })));
      const lines = broker.auditLines().slice(linesBefore);

      expect(results).toEqual({
        put: 'hello',
        multipart: true,
        list: [`users/${user}/a.txt`, `users/${user}/large`],
        presign: 'hello',
        neighbour: expect.stringMatching(/^AccessDenied/),
        neighbourList: expect.stringMatching(/^AccessDenied/),
      });
      // one credential for all of it
      expect(lines).toMatchObject([{ surface: 'aws', decision: 'granted', grant: 'user-files' }]);
    },
  );

  it('cannot do beside the narrowed part of a grant what the grant allows', async () => {
    const token = await broker.issuer.token({ sub: 'narrow' });
    const query = 'Target=oss://app-media/users/narrow/large&Permissions=read,write';
    const results = await use('narrow', {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${broker.url}/v1/aws-credentials?${query}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    });

    expect(results).toMatchObject({
      put: expect.stringMatching(/^AccessDenied/),
      multipart: true,
      list: expect.stringMatching(/^AccessDenied/),
    });
  });

  it('does not send a token again that cannot succeed', async () => {
    const iat = Math.floor(Date.now() / 1000) - 3600;
    const expired = await broker.issuer.token({ iat, exp: iat + 60 });
    const forged = `${await broker.issuer.token()}A`;
    for (const [token, reason, error] of [
      [expired, 'token_expired', /^ExpiredTokenException: The subject token has expired/],
      [forged, 'signature_invalid', /^AccessDenied: The broker does not accept/],
    ] as const) {
      const linesBefore = broker.auditLines().length;
      const { put } = await use('late', webIdentity(token));
      const reasons = broker.auditLines().map(({ reason: seen }) => seen);

      // each of the six operations asks for a credential once
      expect(put).toMatch(error);
      expect(reasons.slice(linesBefore)).toEqual(Array.from({ length: 6 }, () => reason));
    }
  });

  it('sends a token again after a refusal that is temporary', async () => {
    const token = await broker.issuer.token({ sub: 'patient' });
    broker.simulator.sts.faults.once({ kind: 'malformedCredentials', omit: ['SecurityToken'] });
    const linesBefore = broker.auditLines().length;
    const { put } = await use('patient', webIdentity(token));

    expect(put).toBe('hello');
    expect(broker.auditLines().slice(linesBefore)).toMatchObject([
      { decision: 'refused', reason: 'sts_answer_unusable' },
      { decision: 'granted' },
    ]);
  });
});
