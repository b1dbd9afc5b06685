/** A policy that a caller of STS sends narrows its credential, or is refused. */
import { AssumeRoleWithOIDCRequest } from '@alicloud/sts20150401';
import { describe, expect, it } from 'vitest';
import { createSdkClient } from '../../simulator/sts/fixture.ts';
import { SIMPLE_CONFIG } from '../../support/broker.ts';
import { toObject } from '../../support/declared.ts';
import { createOssClient, credentialOf, ossRefusal } from '../../support/oss-client.ts';
import { ROLE_ARN, stsDoorOfFile } from '../../support/sts-door.ts';

const CONFIG = `${SIMPLE_CONFIG}surfaces: { sts: true }\n`;

const sts = stsDoorOfFile(CONFIG);

describe('a policy of the caller', () => {
  const policyWith = (...statements: readonly object[]) =>
    JSON.stringify({
      Version: '1',
      Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })),
    });
  const PHOTOS = policyWith({
    Action: ['oss:Get*', 'oss:PutBucketPolicy'],
    Resource: 'acs:oss:*:*:app-media/users/42/photos/*',
  });

  it('sent by @alicloud/sts20150401 narrows the credential, and STS gets a policy of the broker', async () => {
    const client = createSdkClient(sts.broker.url.replace('http://', ''), {
      accessKeyId: 'unused',
      accessKeySecret: 'unused',
    });
    const request = new AssumeRoleWithOIDCRequest({
      OIDCToken: await sts.broker.issuer.token({ sub: '42' }),
      roleArn: ROLE_ARN,
      roleSessionName: 'alice',
      policy: PHOTOS,
    });
    const { body } = await client.assumeRoleWithOIDC(request);
    const { accessKeyId, accessKeySecret, securityToken } = body?.credentials ?? {};
    const oss = createOssClient(
      sts.broker.simulator.oss.url,
      credentialOf({
        AccessKeyId: accessKeyId,
        AccessKeySecret: accessKeySecret,
        SecurityToken: securityToken,
      }),
    );
    const { body: whole } = await sts.door.ask({ claims: { sub: '42' } });
    const uploader = createOssClient(
      sts.broker.simulator.oss.url,
      credentialOf(toObject(whole['Credentials'])),
    );
    await uploader.put('users/42/photos/b.txt', Buffer.from('b'));
    await uploader.put('users/42/b.txt', Buffer.from('b'));

    expect(String((await oss.get('users/42/photos/b.txt')).content)).toBe('b');
    expect(await ossRefusal(oss.get('users/42/b.txt'))).toBe('AccessDenied');
    expect(await ossRefusal(oss.put('users/42/photos/b.txt', Buffer.from('x')))).toBe(
      'AccessDenied',
    );
    const call = sts.broker.simulator.sts.calls.find(({ params }) =>
      params['Policy']?.includes('photos'),
    );
    expect(JSON.parse(call?.params['Policy'] ?? '')).toEqual({
      Version: '1',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'oss:GetObject',
          Resource: 'acs:oss:*:*:app-media/users/42/photos/*',
        },
      ],
    });
    expect(sts.broker.auditLines().at(-2)).toMatchObject({
      targets: [{ target: 'oss://app-media/users/42/photos/', permissions: ['read'] }],
      requested: { policy: PHOTOS.slice(0, 100) },
    });
  });

  it.each<[string, number, string, string, string]>([
    [
      'with a Deny',
      400,
      'InvalidParameter.PolicyGrammar',
      'request_malformed',
      PHOTOS.replace('Allow', 'Deny'),
    ],
    ['that is no JSON', 400, 'InvalidParameter.PolicyGrammar', 'request_malformed', 'x'],
    ['that is empty', 400, 'InvalidParameter.PolicyGrammar', 'request_malformed', ''],
    [
      'with a condition on an address',
      400,
      'InvalidParameter.PolicyGrammar',
      'request_malformed',
      policyWith({
        Action: '*',
        Resource: '*',
        Condition: { IpAddress: { 'acs:SourceIp': '203.0.113.7' } },
      }),
    ],
    [
      'that is too large',
      400,
      'InvalidParameter.PolicySize',
      'request_malformed',
      `${PHOTOS}${' '.repeat(2048)}`,
    ],
    [
      "for another caller's prefix",
      403,
      'NoPermission',
      'policy_outside_grant',
      policyWith({ Action: '*', Resource: 'acs:oss:*:*:app-media/users/43/*' }),
    ],
    [
      'for the beginning of names',
      403,
      'NoPermission',
      'policy_outside_grant',
      policyWith({ Action: '*', Resource: 'acs:oss:*:*:app-media/users/42/ph*' }),
    ],
  ])('%s is refused', async (_what, status, code, reason, Policy) => {
    const callsBefore = sts.broker.stsCalls();
    const { status: answered, body } = await sts.door.ask({
      claims: { sub: '42' },
      body: { Policy },
    });

    expect([answered, body['Code']]).toEqual([status, code]);
    // the caller learns that its policy is the cause
    expect(body['Message']).toMatch(/\bPolicy\b/);
    expect(sts.lastLine()).toMatchObject({ surface: 'sts', decision: 'refused', reason });
    expect(sts.broker.stsCalls()).toBe(callsBefore);
  });

  it('for everything gets what the grant allows, and no more', async () => {
    const Policy = policyWith({ Action: '*', Resource: '*' });
    const all = await sts.door.ask({ claims: { sub: '44' }, body: { Policy } });
    const whole = await sts.door.ask({ claims: { sub: '44' } });
    const [line, wholeLine] = sts.broker.auditLines().slice(-2);

    expect([all.status, whole.status]).toEqual([200, 200]);
    expect(line?.['sessionPolicySha256']).toBe(wholeLine?.['sessionPolicySha256']);
  });
});
