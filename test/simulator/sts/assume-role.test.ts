/** What AssumeRole of the simulated STS returns, and each of its refusals. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  allow,
  askFor,
  BROKER,
  BROKER_ARN,
  createSdkClient,
  errorOf,
  type Fixture,
  type Keys,
  ROLE,
  ROLE_ARN,
  sessionsOf,
  startFixture,
} from './fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture();
});
afterEach(() => fixture.sts.close());

const assumeRole = (members: Parameters<typeof askFor>[0] = {}, keys: Keys = BROKER) =>
  createSdkClient(fixture.sts.host, keys).assumeRole(askFor(members));

const SESSION_POLICY = {
  Version: '1',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['oss:GetObject', 'oss:PutObject'],
      Resource: ['acs:oss:*:*:app-media/users/42/*'],
      Condition: {
        Bool: { 'acs:SecureTransport': 'true' },
        IpAddress: { 'acs:SourceIp': ['203.0.113.7'] },
      },
    },
  ],
};

describe('a session', () => {
  it('has the members that STS documents', async () => {
    fixture.clock.offsetMs = -(Date.now() % 1000) + 250;
    const { body } = await assumeRole({ durationSeconds: 900, sourceIdentity: 'alice@example' });
    const credentials = body?.credentials;
    expect(body?.requestId).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
    expect(body?.assumedRoleUser?.arn).toBe(`${ROLE_ARN}/alice`);
    expect(body?.assumedRoleUser?.assumedRoleId).toMatch(/^\d{18}:alice$/);
    expect(body?.sourceIdentity).toBe('alice@example');
    expect(credentials?.accessKeySecret).toMatch(/^[A-Za-z0-9]{44}$/);
    expect(credentials?.securityToken?.length).toBeGreaterThan(500);
    const leftMs = Date.parse(credentials?.expiration ?? '') - fixture.cloud.now();
    expect(Math.ceil(leftMs / 1000)).toBeGreaterThan(890);
    expect(leftMs).toBeLessThanOrEqual(900_000);
  });

  it('exists in the cloud with role policy and session policy', async () => {
    const { body } = await assumeRole({ policy: JSON.stringify(SESSION_POLICY) });
    const credentials = body?.credentials;
    expect(fixture.cloud.identities.get(credentials?.accessKeyId ?? '')).toEqual({
      accessKeyId: credentials?.accessKeyId,
      accessKeySecret: credentials?.accessKeySecret,
      securityToken: credentials?.securityToken,
      expiresAtMs: Date.parse(credentials?.expiration ?? ''),
      arn: `acs:ram::${ACCOUNT}:assumed-role/oss-uploader/alice`,
      policies: [ROLE.policies, [SESSION_POLICY]],
    });
  });

  it('has all permissions of the role without a session policy, and a new key each time', async () => {
    await Promise.all([assumeRole(), assumeRole()]);
    const sessions = sessionsOf(fixture);
    expect(sessions.map(({ policies }) => policies)).toEqual([[ROLE.policies], [ROLE.policies]]);
    expect(new Set(sessions.map(({ accessKeyId }) => accessKeyId)).size).toBe(2);
  });

  it('lasts an hour by default, and at most the maximum of the role', async () => {
    fixture.cloud.roles.set(ROLE_ARN, { ...ROLE, maxSessionDurationSeconds: 43_200 });
    await assumeRole();
    await assumeRole({ durationSeconds: 43_200 });
    const hours = sessionsOf(fixture).map(({ expiresAtMs = 0 }) =>
      Math.round((expiresAtMs - fixture.cloud.now()) / 3_600_000),
    );
    expect(hours).toEqual([1, 12]);
  });
});

/** A valid statement with some members replaced. */
function policyWith(statement: object): string {
  return JSON.stringify({
    Version: '1',
    Statement: [{ ...SESSION_POLICY.Statement[0], ...statement }],
  });
}

function policyOfBytes(bytes: number, filler = 'x'): string {
  const empty = Buffer.byteLength(policyWith({ Resource: 'acs:oss:*:*:b/' }));
  return policyWith({
    Resource: `acs:oss:*:*:b/${filler.repeat((bytes - empty) / Buffer.byteLength(filler))}`,
  });
}

describe('a parameter', () => {
  it.each<[string, Parameters<typeof askFor>[0]]>([
    ['the shortest session name', { roleSessionName: 'ab' }],
    ['the longest session name', { roleSessionName: 'a.b-c_d@'.repeat(8) }],
    ['the shortest duration', { durationSeconds: 900 }],
    ['the longest duration', { durationSeconds: 3600 }],
    ['an external ID that the role does not need', { externalId: 'a:b/c=d,e.f@g-h' }],
    ['the largest policy', { policy: policyOfBytes(2047) }],
    ['a policy with NotAction', { policy: policyWith({ Action: undefined, NotAction: 'oss:*' }) }],
    ['a policy with one action as text', { policy: policyWith({ Action: '*', Resource: '*' }) }],
  ])('is accepted: %s', async (_name, members) => {
    await assumeRole(members);
    expect(sessionsOf(fixture)).toHaveLength(1);
  });

  it.each<[string, Parameters<typeof askFor>[0], string]>([
    ['no role', { roleArn: '' }, 'MissingRoleArn'],
    ['a user as role', { roleArn: BROKER_ARN }, 'InvalidParameter.RoleArn'],
    ['a role with a path', { roleArn: `${ROLE_ARN}/x` }, 'InvalidParameter.RoleArn'],
    ['no session name', { roleSessionName: '' }, 'MissingRoleSessionName'],
    ['a session name of 1', { roleSessionName: 'a' }, 'InvalidParameter.RoleSessionName'],
    [
      'a session name of 65',
      { roleSessionName: 'a'.repeat(65) },
      'InvalidParameter.RoleSessionName',
    ],
    ['a session name with a slash', { roleSessionName: 'a/b' }, 'InvalidParameter.RoleSessionName'],
    [
      'a session name with a newline',
      { roleSessionName: 'ab\n' },
      'InvalidParameter.RoleSessionName',
    ],
    ['899 seconds', { durationSeconds: 899 }, 'InvalidParameter.DurationSeconds'],
    ['3601 seconds', { durationSeconds: 3601 }, 'InvalidParameter.DurationSeconds'],
    ['fractional seconds', { durationSeconds: 900.5 }, 'InvalidParameter.DurationSeconds'],
    ['an external ID of 1', { externalId: 'x' }, 'InvalidParameter.ExternalId'],
    ['an external ID with a space', { externalId: 'x y' }, 'InvalidParameter.ExternalId'],
    ['an external ID of 1225', { externalId: 'x'.repeat(1225) }, 'InvalidParameter.ExternalId'],
    ['a reserved source identity', { sourceIdentity: 'acs:x' }, 'InvalidParameter.SourceIdentity'],
    [
      'a source identity of 65',
      { sourceIdentity: 'x'.repeat(65) },
      'InvalidParameter.SourceIdentity',
    ],
    ['a policy of 2048 bytes', { policy: policyOfBytes(2048) }, 'InvalidParameter.PolicySize'],
    [
      'fewer characters but too many bytes',
      { policy: policyOfBytes(3000, '字') },
      'InvalidParameter.PolicySize',
    ],
    ['an empty policy', { policy: '' }, 'InvalidParameter.PolicyGrammar'],
    ['a policy that is not JSON', { policy: '{' }, 'InvalidParameter.PolicyGrammar'],
    [
      'an unknown member',
      { policy: JSON.stringify({ ...SESSION_POLICY, Id: 'x' }) },
      'InvalidParameter.PolicyGrammar',
    ],
    [
      'no statement',
      { policy: '{"Version":"1","Statement":[]}' },
      'InvalidParameter.PolicyGrammar',
    ],
    [
      'another version',
      { policy: JSON.stringify({ ...SESSION_POLICY, Version: '2012-10-17' }) },
      'InvalidParameter.PolicyGrammar',
    ],
    [
      'an effect in lower case',
      { policy: policyWith({ Effect: 'allow' }) },
      'InvalidParameter.PolicyGrammar',
    ],
    ['no action', { policy: policyWith({ Action: undefined }) }, 'InvalidParameter.PolicyGrammar'],
    [
      'an empty list of actions',
      { policy: policyWith({ Action: [] }) },
      'InvalidParameter.PolicyGrammar',
    ],
    [
      'an action without a service',
      { policy: policyWith({ Action: 'GetObject' }) },
      'InvalidParameter.PolicyGrammar',
    ],
    [
      'Action and NotAction',
      { policy: policyWith({ NotAction: 'oss:*' }) },
      'InvalidParameter.PolicyGrammar',
    ],
    [
      'no resource',
      { policy: policyWith({ Resource: undefined }) },
      'InvalidParameter.PolicyGrammar',
    ],
    [
      'an ARN of another cloud',
      { policy: policyWith({ Resource: 'arn:aws:s3:::b' }) },
      'InvalidParameter.PolicyGrammar',
    ],
    ['a principal', { policy: policyWith({ Principal: '*' }) }, 'InvalidParameter.PolicyGrammar'],
    [
      'an unknown operator',
      { policy: policyWith({ Condition: { StringMatches: { a: 'b' } } }) },
      'InvalidParameter.PolicyGrammar',
    ],
    [
      'a condition value that is not text',
      { policy: policyWith({ Condition: { Bool: { a: true } } }) },
      'InvalidParameter.PolicyGrammar',
    ],
  ])('is refused: %s', async (_name, members, code) => {
    expect(await errorOf(assumeRole(members))).toMatchObject({ code, statusCode: 400 });
    expect(sessionsOf(fixture)).toEqual([]);
    expect(fixture.sts.calls).toHaveLength(1);
  });
});

describe('permission', () => {
  const caller = (changes: object) => {
    fixture.cloud.identities.set(BROKER.accessKeyId, { ...BROKER, ...changes });
  };
  const role = (changes: object) => fixture.cloud.roles.set(ROLE_ARN, { ...ROLE, ...changes });

  it.each<[string, () => unknown]>([
    [
      'a policy for exactly this role',
      () =>
        caller({ policies: [[allow('sts:AssumeRole', `acs:ram:*:${ACCOUNT}:role/oss-uploader`)]] }),
    ],
    [
      'a role that trusts the whole account',
      () => role({ trustedArns: [`acs:ram::${ACCOUNT}:root`] }),
    ],
  ])('is sufficient: %s', async (_name, arrange) => {
    arrange();
    await assumeRole();
    expect(sessionsOf(fixture)).toHaveLength(1);
  });

  const UNAUTHORIZED = 'You are not authorized to do this action';
  const UNTRUSTED = 'the specified role does not trust you';

  it.each<[string, () => unknown, string]>([
    ['a caller without any policy', () => caller({ policies: [] }), UNAUTHORIZED],
    [
      'a caller with other permissions',
      () => caller({ policies: [[allow('oss:*')]] }),
      UNAUTHORIZED,
    ],
    [
      'a caller that may assume another role',
      () => caller({ policies: [[allow('sts:AssumeRole', `acs:ram:*:${ACCOUNT}:role/other`)]] }),
      UNAUTHORIZED,
    ],
    [
      'a session policy without sts:AssumeRole',
      () => caller({ policies: [[allow('*')], [allow('oss:*')]] }),
      UNAUTHORIZED,
    ],
    [
      'the account itself',
      () => caller({ arn: `acs:ram::${ACCOUNT}:root`, policies: [[allow('*')]] }),
      'Roles may not be assumed by root accounts.',
    ],
    ['a role that trusts nobody', () => role({ trustedArns: [] }), UNTRUSTED],
    ['a role that trusts another user', () => role({ trustedArns: [`${BROKER_ARN}2`] }), UNTRUSTED],
    [
      'a role that trusts another account',
      () => role({ trustedArns: ['acs:ram::999:root'] }),
      UNTRUSTED,
    ],
    ['a role that needs an external ID', () => role({ externalId: 'e-1' }), UNTRUSTED],
  ])('is missing: %s', async (_name, arrange, message) => {
    arrange();
    const error = await errorOf(assumeRole());
    expect(error).toMatchObject({ code: 'NoPermission', statusCode: 403 });
    expect(error['message']).toContain(message);
    expect(sessionsOf(fixture)).toEqual([]);
  });

  it('needs the external ID of the role and accepts no other', async () => {
    role({ externalId: 'e-1' });
    expect(await errorOf(assumeRole({ externalId: 'e-2' }))).toMatchObject({
      code: 'NoPermission',
    });
    await assumeRole({ externalId: 'e-1' });
    expect(sessionsOf(fixture)).toHaveLength(1);
  });

  it('is refused for a role that does not exist', async () => {
    const error = await errorOf(assumeRole({ roleArn: `${ROLE_ARN}2` }));
    expect(error).toMatchObject({ code: 'EntityNotExist.Role', statusCode: 404 });
  });
});

describe('role chaining', () => {
  const TARGET = `acs:ram::${ACCOUNT}:role/target`;

  const openFirst = async (members: Parameters<typeof askFor>[0] = {}): Promise<Keys> => {
    fixture.cloud.roles.set(ROLE_ARN, { ...ROLE, policies: [allow('*')] });
    fixture.cloud.roles.set(TARGET, { ...ROLE, arn: TARGET, trustedArns: [ROLE_ARN] });
    const {
      accessKeyId = '',
      accessKeySecret = '',
      securityToken,
    } = (await assumeRole(members)).body?.credentials ?? {};
    return { accessKeyId, accessKeySecret, securityToken };
  };

  it('allows a session of a trusted role and nobody else', async () => {
    const session = await openFirst();
    await assumeRole({ roleArn: TARGET }, session);
    expect(await errorOf(assumeRole({ roleArn: TARGET }))).toMatchObject({ code: 'NoPermission' });
    expect(sessionsOf(fixture).map(({ arn }) => arn)).toEqual([
      `acs:ram::${ACCOUNT}:assumed-role/oss-uploader/alice`,
      `acs:ram::${ACCOUNT}:assumed-role/target/alice`,
    ]);
  });

  it('is refused if the session policy does not allow it', async () => {
    const session = await openFirst({ policy: JSON.stringify(SESSION_POLICY) });
    expect(await errorOf(assumeRole({ roleArn: TARGET }, session))).toMatchObject({
      code: 'NoPermission',
    });
  });

  it('keeps the source identity, which cannot be changed', async () => {
    const session = await openFirst({ sourceIdentity: 'alice' });
    expect((await assumeRole({ roleArn: TARGET }, session)).body?.sourceIdentity).toBe('alice');
    const change = assumeRole({ roleArn: TARGET, sourceIdentity: 'bob' }, session);
    expect(await errorOf(change)).toMatchObject({ code: 'NoPermission' });
  });
});

describe('GetCallerIdentity', () => {
  it.each([
    [BROKER_ARN, 'RAMUser'],
    [`acs:ram::${ACCOUNT}:root`, 'Account'],
  ])('describes %s, which needs no permission for it', async (arn, identityType) => {
    fixture.cloud.identities.set(BROKER.accessKeyId, { ...BROKER, arn, policies: [] });
    const { body } = await createSdkClient(fixture.sts.host, BROKER).getCallerIdentity();
    expect(body).toMatchObject({ arn, identityType, accountId: ACCOUNT });
  });
});
