/** Container credentials of AWS through the public door. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aliasOf, throughContainer } from '../../support/aws.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { getWithBody } from '../../support/get-with-body.ts';

const CONFIG = `${SIMPLE_CONFIG}surfaces: { aws: true }\n`;
const PATH = '/v1/aws-credentials';

let broker: TestBroker;
let door: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: CONFIG });
  door = throughContainer(broker);
});

afterAll(async () => {
  await broker.close();
});

describe('container credentials', () => {
  it('have the four members of AWS, and what the grant allows beside them', async () => {
    const { status, headers, body } = await door.ask({
      claims: { sub: '42' },
      body: {
        Grant: 'user-files',
        RoleArn: aliasOf('user-files'),
        Target: 'oss://app-media/users/42/a b.txt',
        Permissions: 'read,write',
        DurationSeconds: 900,
      },
    });

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      AccessKeyId: expect.stringMatching(/^STS\./),
      SecretAccessKey: expect.stringMatching(/.{20}/),
      Token: expect.stringMatching(/.{20}/),
      Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      RefreshAfter: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      Grant: {
        Name: 'user-files',
        Targets: [
          {
            Target: 'oss://app-media/users/42/a b.txt',
            Permissions: ['read', 'write'],
            Region: 'cn-hangzhou',
            Endpoint: broker.simulator.oss.url,
          },
        ],
      },
    });
    expect(broker.auditLines().at(-1)).toMatchObject({
      surface: 'aws',
      decision: 'granted',
      requested: {
        grant: 'user-files',
        roleArn: aliasOf('user-files'),
        target: 'oss://app-media/users/42/a b.txt',
        permissions: 'read,write',
        duration: '900',
      },
      accessKeyId: body['AccessKeyId'],
    });
  });

  it.each([
    ['as it is', '', 200],
    ['after Bearer', 'Bearer ', 200],
    ['after bearer', 'bearer  ', 200],
    ['after another scheme', 'Basic ', 403],
    ['twice', 'x,', 403],
  ])('take the token %s or refuse it', async (_what, prefix, expected) => {
    const token = `${prefix}${await broker.issuer.token()}`;
    const { status } = await door.ask({ token });

    expect(status).toBe(expected);
  });

  it.each([
    ['a token', 'access_token=x'],
    ['the token of the other form', 'WebIdentityToken=x'],
    ['an unknown member', 'grant=user-files'],
    ['a repeated member', 'Permissions=read&Permissions=write'],
    ['a member without a value', 'Grant'],
    ['an empty member', 'Grant='],
    ['an empty role', 'RoleArn='],
    ['an unknown permission', 'Permissions=admin'],
    ['a duration in words', 'DurationSeconds=1h'],
    ['an invalid escape', 'Target=oss://app-media/users/%ff/'],
    ['a policy', 'Policy={}'],
  ])('with %s in the query are refused', async (_what, query) => {
    const callsBefore = broker.stsCalls();
    const { status, body } = await door.ask({ body: query });

    expect(status).toBe(400);
    expect(body['code']).toMatch(/^(ValidationError|MalformedPolicyDocument)$/);
    expect(broker.auditLines().at(-1)).toMatchObject({ reason: 'request_malformed' });
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it.each(['POST', 'PUT', 'HEAD', 'OPTIONS'])('by %s are refused', async (method) => {
    const callsBefore = broker.stsCalls();
    const { status, headers } = await door.ask({ method });

    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET');
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it('with a body are refused, since that could ask for less', async () => {
    const token = await broker.issuer.token();
    const status = await getWithBody(`${broker.url}${PATH}`, { Authorization: token }, '{}');

    expect(status).toBe(400);
    expect(broker.auditLines().at(-1)).toMatchObject({ why: { problem: 'a GET has a body' } });
  });

  it('say what is wrong in the members that the SDKs for Go and for JavaScript read', async () => {
    const { status, headers, body } = await door.ask({
      body: { Target: 'oss://app-media/users/x/' },
    });
    const message = 'The target is outside the grant; send a target within it.';

    expect(status).toBe(403);
    expect(body).toEqual({
      code: 'AccessDenied',
      message,
      Code: 'AccessDenied',
      Message: message,
      requestId: headers.get('x-request-id'),
    });
  });

  it('are not for pages', async () => {
    const { status, headers } = await door.ask({
      token: null,
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'GET' },
    });

    expect(status).toBe(405);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('of a caller without a valid token are refused with what was asked in the audit line', async () => {
    const { status } = await door.ask({ token: 'not.a.token', body: { Grant: 'x' } });
    const asked = broker.auditLines().at(-1);
    await door.ask({ token: 'not.a.token', body: '%ff' });

    expect(status).toBe(403);
    expect(asked).toMatchObject({ reason: 'token_malformed', requested: { grant: 'x' } });
    expect(broker.auditLines().at(-1)).toMatchObject({ reason: 'token_malformed' });
  });
});
