/** AWS's AssumeRoleWithWebIdentity through the public door. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aliasOf,
  elementOf,
  throughContainer,
  throughWebIdentity,
  webIdentityForm,
} from '../../support/aws.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { createOssClient, ossRefusal } from '../../support/oss-client.ts';
import { throughSts } from '../../support/sts-door.ts';

const CONFIG = `${SIMPLE_CONFIG}  - name: shared
    issuer: app
    when: [{ claim: plan, equals: pro }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/shared/", permissions: [read, list] }]
    restrict: { https: false }
surfaces: { aws: true }
`;
const ROLE = aliasOf('oss-uploader');

let broker: TestBroker;
let door: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: CONFIG });
  door = throughWebIdentity(broker);
});

afterAll(async () => {
  await broker.close();
});

/** Sends a good form after a change. */
async function askWith(change: (form: URLSearchParams) => void, token?: string) {
  const form = webIdentityForm(token ?? (await broker.issuer.token({ sub: '42' })));
  change(form);
  return door.ask({ body: form.toString() });
}

describe('AssumeRoleWithWebIdentity', () => {
  it('answers as AWS STS does, with a credential that uploads', async () => {
    const { status, headers, text } = await door.ask({
      claims: { sub: '42', exp: Math.floor(Date.now() / 1000) + 3600 },
      body: { RoleArn: ROLE, DurationSeconds: 1800 },
    });
    const credential = {
      AccessKeyId: elementOf(text, 'AccessKeyId') ?? '',
      AccessKeySecret: elementOf(text, 'SecretAccessKey') ?? '',
      SecurityToken: elementOf(text, 'SessionToken') ?? '',
    };
    const oss = createOssClient(broker.simulator.oss.url, credential);
    await oss.put('users/42/a.txt', Buffer.from('x'));

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/xml');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).toMatch(
      /^<AssumeRoleWithWebIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/"><AssumeRoleWithWebIdentityResult><Credentials>/,
    );
    expect(elementOf(text, 'Expiration')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(elementOf(text, 'RequestId')).toBe(headers.get('x-request-id'));
    expect(await ossRefusal(oss.put('users/43/a.txt', Buffer.from('x')))).toBe('AccessDenied');
    expect(broker.auditLines().at(-1)).toMatchObject({
      surface: 'aws',
      decision: 'granted',
      requested: { roleArn: ROLE, duration: '1800' },
      durationSeconds: 1800,
      accessKeyId: credential.AccessKeyId,
    });
  });

  it.each([
    ['its role', ROLE],
    ['the form of AWS for its role', 'arn:aws:iam::123456789012:role/oss-uploader'],
    ['its alias', aliasOf('user-files')],
    ['the form of AWS for its alias', 'arn:aws:iam::123456789012:role/user-files'],
  ])('selects a grant by %s', async (_what, roleArn) => {
    const { status } = await askWith((form) => form.set('RoleArn', roleArn));

    expect(status).toBe(200);
    expect(broker.auditLines().at(-1)).toMatchObject({
      grant: 'user-files',
      requested: { roleArn },
    });
  });

  it('tells grants with the same role apart by their aliases', async () => {
    const claims = { plan: 'pro' };
    const ambiguous = await door.ask({ claims, body: { RoleArn: ROLE } });
    const chosen = await door.ask({ claims, body: { RoleArn: aliasOf('shared') } });

    expect(ambiguous.status).toBe(400);
    expect(elementOf(ambiguous.text, 'Message')).toContain('These do: user-files, shared.');
    expect(chosen.status).toBe(200);
    expect(broker.auditLines().at(-1)).toMatchObject({ grant: 'shared' });
  });

  it.each([
    ['a role of another account', 'acs:ram::210987654321:role/oss-uploader'],
    ['a role of another partition', 'arn:aws-cn:iam::123456789012:role/oss-uploader'],
    ['a user', 'arn:aws:iam::123456789012:user/oss-uploader'],
    ['a role with a path', 'arn:aws:iam::123456789012:role/x/oss-uploader'],
    ['a grant that does not fit', aliasOf('shared')],
    ['a grant that does not exist', aliasOf('nothing')],
  ])('gives no credential for %s', async (_what, roleArn) => {
    const callsBefore = broker.stsCalls();
    const { status, text } = await askWith((form) => form.set('RoleArn', roleArn));

    expect(status).toBe(403);
    expect(elementOf(text, 'Code')).toBe('AccessDenied');
    expect(broker.auditLines().at(-1)).toMatchObject({ reason: 'grant_not_available' });
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it.each<[string, string, (form: URLSearchParams) => void]>([
    ['no action', 'InvalidAction', (form) => form.delete('Action')],
    ['another action', 'InvalidAction', (form) => form.set('Action', 'GetCallerIdentity')],
    ['another version', 'InvalidAction', (form) => form.set('Version', '2015-04-01')],
    ['no token', 'ValidationError', (form) => form.delete('WebIdentityToken')],
    ['an empty token', 'ValidationError', (form) => form.set('WebIdentityToken', '')],
    ['two tokens', 'ValidationError', (form) => form.append('WebIdentityToken', 'x')],
    [
      'two tokens, the first of which is none',
      'ValidationError',
      (form) => {
        const token = form.get('WebIdentityToken') ?? '';
        form.set('WebIdentityToken', 'x');
        form.append('WebIdentityToken', token);
      },
    ],
    ['an empty role', 'ValidationError', (form) => form.set('RoleArn', '')],
    ['two roles', 'ValidationError', (form) => [1, 2].map(() => form.append('RoleArn', ROLE))],
    ['a session name of one letter', 'ValidationError', (f) => f.set('RoleSessionName', 'x')],
    ['a blank in the session name', 'ValidationError', (f) => f.set('RoleSessionName', 'a b')],
    ['a policy', 'MalformedPolicyDocument', (form) => form.set('Policy', '{"Version":"1"}')],
    ['an empty policy', 'MalformedPolicyDocument', (form) => form.set('Policy', '')],
    [
      'a managed policy',
      'MalformedPolicyDocument',
      (form) => form.set('PolicyArns.member.1.arn', 'arn:aws:iam::aws:policy/ReadOnlyAccess'),
    ],
    ['a parameter that is no policy', 'ValidationError', (form) => form.set('PolicyX', 'x')],
    ['a provider', 'ValidationError', (form) => form.set('ProviderId', 'www.amazon.com')],
    ['a parameter of another form', 'ValidationError', (form) => form.set('Target', 'oss://x/')],
    ['a duration in words', 'ValidationError', (form) => form.set('DurationSeconds', '1h')],
    ['a duration with an exponent', 'ValidationError', (f) => f.set('DurationSeconds', '9e2')],
    ['a duration with a sign', 'ValidationError', (f) => f.set('DurationSeconds', '+900')],
    ['a duration that is too short', 'ValidationError', (f) => f.set('DurationSeconds', '899')],
    // 3600 is what AWS takes for a request without one, and the grant's most
    ['more than the grant allows', 'ValidationError', (f) => f.set('DurationSeconds', '3601')],
  ])('with %s is refused as %s', async (_what, code, change) => {
    const callsBefore = broker.stsCalls();
    const { status, text } = await askWith(change);

    expect(status).toBe(400);
    expect(elementOf(text, 'Code')).toBe(code);
    expect(elementOf(text, 'Type')).toBe('Sender');
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it('takes a duration of exactly what the grant allows', async () => {
    const exp = Math.floor(Date.now() / 1000) + 7200;
    const { status } = await door.ask({ claims: { exp }, body: { DurationSeconds: 3600 } });

    expect(status).toBe(200);
    expect(broker.auditLines().at(-1)).toMatchObject({ durationSeconds: 3600 });
  });

  it('names the session itself, whatever RoleSessionName is', async () => {
    await askWith((form) => form.set('RoleSessionName', 'somebody-else'));
    const named = broker.auditLines().at(-1)?.['roleSessionName'];
    await askWith((form) => form.delete('RoleSessionName'));

    expect(named).not.toContain('somebody-else');
    expect(broker.auditLines().at(-1)).toMatchObject({ roleSessionName: named });
  });

  it('takes a token from a file that ends in a line break', async () => {
    const token = await broker.issuer.token();
    const statuses: number[] = [];
    for (const end of ['\n', '\r\n', '\n\n', ' \n']) {
      statuses.push((await askWith(() => {}, `${token}${end}`)).status);
    }

    expect(statuses).toEqual([200, 200, 403, 403]);
  });

  it.each([
    ['with parameters in the query', 'POST', '/?Version=2011-06-15&DurationSeconds=900', 400],
    ['by GET', 'GET', '/?Version=2011-06-15&Action=AssumeRoleWithWebIdentity', 405],
    ['by PUT', 'PUT', '/', 405],
  ])('%s is refused', async (_what, method, path, expected) => {
    const callsBefore = broker.stsCalls();
    const { status, headers, text } = await door.ask({ method, path });

    expect(status).toBe(expected);
    expect(headers.get('content-type')).toBe('text/xml');
    expect(elementOf(text, 'Code')).toBe('ValidationError');
    expect(headers.get('allow')).toBe(expected === 405 ? 'POST' : null);
    expect(broker.auditLines().at(-1)).toMatchObject({ surface: 'aws', decision: 'refused' });
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it('of a caller without a valid token is refused with what was asked in the audit line', async () => {
    const { status } = await askWith((form) => form.set('RoleArn', ROLE), 'not.a.token');

    expect(status).toBe(403);
    expect(broker.auditLines().at(-1)).toMatchObject({
      reason: 'token_malformed',
      requested: { roleArn: ROLE },
    });
  });

  it('takes no token in the query, and writes none of it anywhere', async () => {
    const token = await broker.issuer.token();
    const query = webIdentityForm(token);
    const byGet = await door.ask({ method: 'GET', path: `/?${query}` });
    const byPost = await door.ask({ path: `/?${query}`, body: '' });
    const twice = await door.ask({ path: `/?${query}`, token });

    expect([byGet.status, byPost.status, twice.status]).toEqual([405, 400, 400]);
    expect(broker.log.text).not.toContain(token.slice(-20));
  });

  it('with an Authorization header is refused, since that could be another token', async () => {
    const { status } = await door.ask({ headers: { Authorization: 'Bearer x' } });

    expect(status).toBe(400);
    expect(broker.auditLines().at(-1)).toMatchObject({
      reason: 'request_malformed',
      why: { problem: 'the request has an Authorization header' },
    });
  });

  it('takes the headers that AWS SDKs send', async () => {
    const { status } = await door.ask({
      headers: {
        Accept: '*/*',
        'User-Agent': 'aws-sdk-js/3.1169.0',
        'amz-sdk-invocation-id': 'a5b1',
        'amz-sdk-request': 'attempt=1; max=3',
        'x-amz-user-agent': 'aws-sdk-js/3.1169.0',
      },
    });

    expect(status).toBe(200);
  });

  it.each([
    ['*/*', 200],
    ['text/xml', 200],
    ['application/xml;q=0.9', 200],
    ['application/json, */*;q=0.1', 200],
    ['application/json', 406],
    ['text/xml;q=0, application/json', 406],
  ])('for a client that accepts %s is answered with %d', async (accept, expected) => {
    const { status, headers } = await door.ask({ headers: { Accept: accept } });

    expect(status).toBe(expected);
    expect(headers.get('content-type')).toBe('text/xml');
  });

  it('leaves other requests at its address to other surfaces', async () => {
    for (const path of ['/?Version=2015-04-01', '/?Action=AssumeRoleWithOIDC', '/x']) {
      const { status } = await door.ask({ path });

      expect(status).toBe(404);
      expect(broker.auditLines().at(-1)).toMatchObject({ surface: 'native' });
    }
  });
});

describe('a broker with the API of STS at the same address', () => {
  it('answers each request as the one that it was made for', async () => {
    const both = await startTestBroker({
      config: `${SIMPLE_CONFIG}surfaces: { aws: true, sts: true }\n`,
    });
    const sts = throughSts(both);
    const aws = throughWebIdentity(both);
    const answers = [
      await aws.ask(),
      await sts.ask(),
      await sts.ask({ method: 'GET' }),
      await sts.ask({ path: '/' }),
      await aws.ask({ method: 'GET', path: '/?Action=x&Version=2011-06-15' }),
      await aws.ask({ path: '/?Action=x&Version=2015-04-01' }),
      await aws.ask({ path: '/?x' }),
    ];
    const lines = both.auditLines();
    await both.close();

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 400, 405, 400, 404]);
    expect(lines.map(({ surface }) => surface)).toEqual([
      'aws',
      'sts',
      'sts',
      'aws',
      'aws',
      'sts',
      'native',
    ]);
  });
});

describe('a broker without the surface', () => {
  it.each(['', 'surfaces: { aws: false }\n'])('answers 404 with the config %j', async (setting) => {
    const off = await startTestBroker({ config: `${SIMPLE_CONFIG}${setting}` });
    const answers = [await throughWebIdentity(off).ask(), await throughContainer(off).ask()];
    const native = await off.ask();
    const lines = off.auditLines();
    await off.close();

    expect([...answers, native].map(({ status }) => status)).toEqual([404, 404, 200]);
    expect(lines.map(({ surface }) => surface)).toEqual(['native', 'native', 'native']);
  });
});
