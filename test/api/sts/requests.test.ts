/** Which requests are calls of STS, and which of those are refused for their form. */
import { describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG } from '../../support/broker.ts';
import { getWithBody } from '../../support/get-with-body.ts';
import { ALIAS, parametersOf, QUERY, ROLE_ARN, stsDoorOfFile } from '../../support/sts-door.ts';

const CONFIG = `${SIMPLE_CONFIG}surfaces: { sts: true }
cors: { origins: ["https://app.example.com"] }
`;

const sts = stsDoorOfFile(CONFIG);

describe('a call of STS', () => {
  type Change = (parameters: URLSearchParams) => void;

  it.each<[string, number, string, Change]>([
    ['no action', 404, 'InvalidAction.NotFound', (p) => p.delete('Action')],
    ['another action', 404, 'InvalidAction.NotFound', (p) => p.set('Action', 'AssumeRole')],
    ['no version', 400, 'InvalidVersion', (p) => p.delete('Version')],
    ['a version twice', 400, 'InvalidVersion', (p) => p.append('Version', '2011-06-15')],
    ['no token', 400, 'MissingOIDCToken', (p) => p.delete('OIDCToken')],
    ['two tokens', 400, 'InvalidParameter.OIDCToken', (p) => p.append('OIDCToken', 'a.b.c')],
    ['no role', 400, 'MissingRoleArn', (p) => p.delete('RoleArn')],
    ['an empty role', 400, 'MissingRoleArn', (p) => p.set('RoleArn', '')],
    ['a role of AWS', 400, 'InvalidParameter.RoleArn', (p) => p.set('RoleArn', 'arn:aws:iam::1')],
    ['two roles', 400, 'InvalidParameter.RoleArn', (p) => p.append('RoleArn', ALIAS)],
    ['no session name', 400, 'MissingRoleSessionName', (p) => p.delete('RoleSessionName')],
    [
      'a malformed session name',
      400,
      'InvalidParameter.RoleSessionName',
      (p) => p.set('RoleSessionName', 'a b'),
    ],
    [
      'a duration in words',
      400,
      'InvalidParameter.DurationSeconds',
      (p) => p.set('DurationSeconds', '1h'),
    ],
    [
      'a duration that is too short',
      400,
      'InvalidParameter.DurationSeconds',
      (p) => p.set('DurationSeconds', '899'),
    ],
    ['an unknown format', 400, 'InvalidParameter', (p) => p.set('Format', 'yaml')],
    ['an external ID', 400, 'InvalidParameter', (p) => p.set('ExternalId', 'x')],
    ['a parameter in lower case', 400, 'InvalidParameter', (p) => p.set('durationSeconds', '900')],
    ['an AccessKey', 400, 'InvalidParameter', (p) => p.set('AccessKeyId', 'LTAI')],
    ['a signature', 400, 'InvalidParameter', (p) => p.set('Signature', 'x')],
    ['a SecurityToken', 400, 'InvalidParameter', (p) => p.set('SecurityToken', 'x')],
    ['a target', 400, 'InvalidParameter', (p) => p.set('Target', 'oss://app-media/users/')],
  ])('with %s is refused, in query and body', async (_what, status, code, change) => {
    const token = await sts.broker.issuer.token();
    const callsBefore = sts.broker.stsCalls();
    const parameters = new URLSearchParams([...new URLSearchParams(QUERY), ...parametersOf(token)]);
    change(parameters);
    const byBody = await sts.door.ask({ path: '/', body: parameters.toString() });

    expect(byBody.status).toBe(status);
    expect(byBody.text).toContain(code);
    if (parameters.has('Version') || parameters.has('Action')) {
      const byQuery = await sts.door.ask({ method: 'GET', path: `/?${parameters}` });
      expect([byQuery.status, byQuery.text.includes(code)]).toEqual([status, true]);
    }
    expect(sts.broker.stsCalls()).toBe(callsBefore);
  });

  it.each(['Action', 'RoleArn', 'OIDCToken', 'DurationSeconds', 'Format', 'RegionId'])(
    'with %s in both query and body is refused',
    async (name) => {
      const token = await sts.broker.issuer.token();
      const parameters = parametersOf(token, { DurationSeconds: 900, RegionId: 'cn-hangzhou' });
      const query = new URLSearchParams(QUERY);
      query.set(name, query.get(name) ?? parameters.get(name) ?? '');
      parameters.set(name, query.get(name) ?? '');
      const callsBefore = sts.broker.stsCalls();
      const { status } = await sts.door.ask({ path: `/?${query}`, body: parameters.toString() });

      expect(status).toBeGreaterThanOrEqual(400);
      expect(sts.lastLine()).toMatchObject({ surface: 'sts', reason: 'request_malformed' });
      expect(sts.broker.stsCalls()).toBe(callsBefore);
    },
  );

  it.each([
    ['an Authorization header', { headers: { Authorization: 'Bearer x' } }],
    ['an invalid escape in the query', { path: `/?${QUERY}&RegionId=%zz` }],
    ['an escape that is no UTF-8', { path: `/?${QUERY}&RegionId=%ff` }],
    ['a parameter without a value', { path: `/?${QUERY}&RegionId` }],
  ])('with %s is refused', async (_what, options) => {
    const callsBefore = sts.broker.stsCalls();
    const { status } = await sts.door.ask(options);

    expect(status).toBe(400);
    expect(sts.lastLine()).toMatchObject({ reason: 'request_malformed' });
    expect(sts.broker.stsCalls()).toBe(callsBefore);
  });

  it.each([
    ['', 200],
    ['DurationSeconds=900', 400],
  ])('by GET with the body "%s" is answered with %i', async (body, expected) => {
    const path = `/?${QUERY}&${parametersOf(await sts.broker.issuer.token())}`;
    const status = await getWithBody(`${sts.broker.url}${path}`, {}, body);

    expect(status).toBe(expected);
  });

  it('says nothing about the rest of a request to a caller without a valid token', async () => {
    const { body } = await sts.door.ask({
      token: 'not.a.token',
      body: { DurationSeconds: 'long' },
    });

    expect(body['Code']).toBe('AuthenticationFail.OIDCToken.Invalid');
    expect(sts.lastLine()).toMatchObject({
      reason: 'token_malformed',
      requested: { roleArn: ROLE_ARN, duration: 'long', roleSessionName: 'test-session' },
    });
  });

  it('cannot be made by a page, whatever origins the config lists', async () => {
    const Origin = 'https://app.example.com';
    const preflight = await sts.door.ask({
      method: 'OPTIONS',
      headers: { Origin, 'Access-Control-Request-Method': 'POST' },
    });
    const granted = await sts.door.ask({ headers: { Origin } });

    expect(preflight.status).toBe(405);
    for (const { headers } of [preflight, granted]) {
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it.each([
    ['GET', '/'],
    ['GET', '/?Version=2011-06-15&Action=AssumeRoleWithWebIdentity'],
    ['POST', '/?Version=2011-06-15'],
    ['GET', '/?x=y'],
    ['POST', '/v1/?Action=AssumeRoleWithOIDC&Version=2015-04-01'],
  ])('does not take %s %s, which is not addressed to it', async (method, path) => {
    const { status, body } = await sts.door.ask({ method, path });

    expect([status, body['code']]).toEqual([404, 'not_found']);
    expect(sts.lastLine()).toMatchObject({ surface: 'native', reason: 'route_unknown' });
  });

  it('of the other API in the body is refused', async () => {
    const { status, text } = await sts.door.ask({
      path: '/',
      body: 'Version=2011-06-15&Action=AssumeRoleWithWebIdentity&WebIdentityToken=x',
    });

    expect(status).toBe(400);
    expect(text).toContain('<Code>InvalidVersion</Code>');
  });
});
