/** Feeds random STS answers to AssumeRole and expects a usable credential or a refusal without secrets. */
import { createServer, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStaticCredentials } from '../../simulator/static-credentials.ts';
import type { AssumedRole } from '../../src/ports.ts';
import { RefusalError } from '../../src/refusal.ts';
import { createAssumeRole } from '../../src/sts/assume-role.ts';
import { hostileString } from '../support/hostile-strings.ts';
import { fc } from '../support/seeded.ts';

/** FC_RUNS=100000 searches longer; FC_SEED repeats a search. */
const numRuns = Number(process.env['FC_RUNS'] ?? 400);
const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
const POLICY =
  '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:GetObject","Resource":"acs:oss:*:*:canary-bucket/*"}]}';
const SOURCE = {
  accessKeyId: 'STS.CanaryKeyId',
  accessKeySecret: 'CanarySecret5tWq8ZxV2bN4mK',
  securityToken: `CAIS+canary/${'x'.repeat(200)}==`,
};
/** In an answer, stands for everything that was sent to STS. */
const ECHO = '<echo>';

interface StsAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

const answering: { with: StsAnswer } = {
  with: { status: 200, contentType: 'application/json', body: Buffer.alloc(0) },
};
const server = createServer(async (incoming, response) => {
  const { status, contentType, body } = answering.with;
  const echo = JSON.stringify(await everythingSent(incoming)).slice(1, -1);
  response.writeHead(status, { 'Content-Type': contentType, Location: 'http://127.0.0.1:1/' });
  // a body without the marker is sent as bytes, since it may not be UTF-8
  response.end(body.includes(ECHO) ? body.toString().replaceAll(ECHO, () => echo) : body);
});
let endpoint: string;

async function everythingSent(incoming: IncomingMessage): Promise<string> {
  let body = '';
  for await (const piece of incoming) body += String(piece);
  const headers = JSON.stringify(incoming.headers);
  return decodeURIComponent(`${incoming.url} ${body}`.replaceAll('+', ' ')).concat(headers);
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  endpoint = `http://127.0.0.1:${address.port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const soon = () => new Date(Date.now() + 900_000).toISOString().replace(/\.\d+/, '');
const goodCredentials = {
  AccessKeyId: 'STS.Issued',
  AccessKeySecret: 'issued-secret',
  SecurityToken: 'issued-token',
  Expiration: soon(),
};
const goodAnswer = {
  RequestId: 'A1B2C3D4-0000-4000-8000-000000000000',
  AssumedRoleUser: { Arn: 'acs:ram::123456789012:role/r/session', AssumedRoleId: '1:session' },
  Credentials: goodCredentials,
};

const value = fc.oneof(
  hostileString,
  fc.jsonValue(),
  fc.constantFrom(ECHO, null, 0, true, [], {}, '', '2020-01-01T00:00:00Z', '9999-99-99T00:00:00Z'),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString().replace(/\.\d+/, '')),
);
const withOneChanged = (object: object): fc.Arbitrary<object> =>
  fc
    .tuple(fc.constantFrom(...Object.keys(object)), fc.option(value, { nil: undefined }))
    .map(([name, changed]) => ({ ...object, [name]: changed }));
const errorAnswer = fc.record(
  {
    Code: fc.oneof(
      fc.constantFrom(
        'NoPermission',
        'Throttling.User',
        'InvalidSecurityToken.Expired',
        'InternalError',
        'EntityNotExist.Role',
      ),
      value,
    ),
    Message: fc.oneof(fc.constant(ECHO), value),
    RequestId: value,
    HostId: value,
    Recommend: value,
    AccessDeniedDetail: value,
  },
  { requiredKeys: [] },
);
const json = fc.oneof(
  fc.constant(goodAnswer),
  withOneChanged(goodAnswer),
  withOneChanged(goodCredentials).map((Credentials) => ({ ...goodAnswer, Credentials })),
  { weight: 3, arbitrary: errorAnswer },
  value,
);
const body = fc.oneof(
  { weight: 6, arbitrary: json.map((one) => Buffer.from(JSON.stringify(one) ?? '')) },
  fc
    .tuple(json, fc.nat(300))
    .map(([one, end]) => Buffer.from(JSON.stringify(one)?.slice(0, end) ?? '')),
  fc
    .constantFrom('', `<html>${ECHO}</html>`, ECHO, '{', '\ufeff{}', '[]', 'null')
    .map((one) => Buffer.from(one)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(Buffer.from('['.repeat(50_000))),
);
const stsAnswer: fc.Arbitrary<StsAnswer> = fc.record({
  status: fc.oneof(
    { weight: 4, arbitrary: fc.constant(200) },
    fc.constantFrom(201, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 429, 500, 502, 503),
    fc.integer({ min: 200, max: 599 }),
  ),
  contentType: fc.constantFrom('application/json', 'text/html', 'application/octet-stream', 'x'),
  body,
});

/** Whether a client could use the credential. */
function isWellFormed(role: AssumedRole): boolean {
  const texts = [role.accessKeyId, role.accessKeySecret, role.securityToken, role.expiration];
  return (
    texts.every((text) => typeof text === 'string' && text !== '') &&
    Date.parse(role.expiration) === role.expiresAtMs &&
    role.expiresAtMs > Date.now() - 1000 &&
    (role.stsRequestId === undefined || /^[A-Za-z0-9-]{1,64}$/.test(role.stsRequestId))
  );
}

describe('any answer of STS', () => {
  it('gives a usable credential, or a refusal that repeats nothing of the request', async () => {
    const { assumeRole } = createAssumeRole({
      region: 'cn-hangzhou',
      sts: { endpoint, network: 'public', timeoutMs: 5000 },
      sourceCredentials: createStaticCredentials(SOURCE),
      now: Date.now,
    });
    const seen = new Map<string, number>();

    await fc.assert(
      fc.asyncProperty(stsAnswer, async (answer) => {
        answering.with = answer;
        const outcome: unknown = await assumeRole({
          caller: 'somebody',
          roleArn: 'acs:ram::123456789012:role/r',
          roleSessionName: 'session',
          durationSeconds: 900,
          policy: POLICY,
        }).then(
          (role) => (isWellFormed(role) ? role : new Error(`unusable: ${JSON.stringify(role)}`)),
          (error: unknown) => error,
        );
        if (outcome instanceof Error && !(outcome instanceof RefusalError)) throw outcome;

        const reason = outcome instanceof RefusalError ? outcome.refusal.reason : 'issued';
        seen.set(reason, (seen.get(reason) ?? 0) + 1);
        if (reason === 'issued') return;
        const refusalText =
          outcome instanceof RefusalError
            ? [JSON.stringify(outcome.refusal), outcome.stack, String(outcome.cause)].join()
            : '';
        for (const mark of ['canary', 'Canary', 'Statement', SOURCE.accessKeySecret]) {
          expect(refusalText).not.toContain(mark);
        }
      }),
      { seed, numRuns },
    );

    process.stdout.write(
      `sts-answers: seed ${seed}, ${JSON.stringify(Object.fromEntries(seen))}\n`,
    );
    for (const reason of ['issued', 'sts_refused', 'sts_unavailable', 'sts_answer_unusable']) {
      expect(seen.get(reason), reason).toBeGreaterThan(0);
    }
  });
});
