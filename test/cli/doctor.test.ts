/** `doctor`, as an operator runs it, against STS and OSS on loopback, with each failure in turn. */
import { describe, expect, it } from 'vitest';
import { startAnswering } from '../support/cli.ts';
import { doctorOfFile, ORIGIN, ROLE } from '../support/doctor-world.ts';

const doctor = doctorOfFile();

describe('doctor', () => {
  it('finds nothing wrong where everything works, and assumes roles with a policy that denies all', async () => {
    const { code, findings, of } = await doctor.world.examine();

    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(code).toBe(0);
    expect(of('source credentials')?.saw).toBe(
      'from environment: the AccessKey of a RAM user, without an end',
    );
    expect(of('identity')?.saw).toBe('acs:ram::123456789012:user/oss-token-broker (RAMUser)');
    expect(of('issuer app')?.saw).toBe(
      'RS256 2048 bits, ES256 P-256 by discovery, loaded now; the issuer does not say how old they are',
    );
    expect(of('session at app-media')?.saw).toBe(
      'known, and refused by its policy (EC 0003-00000301)',
    );
    const policies = doctor.world.simulator.sts.calls
      .filter(({ action }) => action === 'AssumeRole')
      .map(({ params }) => params['Policy']);
    expect(policies).toEqual([
      '{"Version":"1","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}',
    ]);
  });

  it('prints one line for what works, and cause, fix and link for what does not', async () => {
    const { code, stdout } = await doctor.world.run({
      environment: {
        ALIBABA_CLOUD_ACCESS_KEY_ID: 'STS.NUgYrLnoC37mZZCNnAbez',
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'AbCdEfGhIjKlMn',
      },
    });

    expect(code).toBe(6);
    expect(stdout).toContain(`failed   source credentials: none from environment
         cause the AccessKeyId begins with STS., so it is temporary and needs its SecurityToken (ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_SECURITY_TOKEN)
         fix   set ALIBABA_CLOUD_SECURITY_TOKEN too, from the same answer of STS; or use the AccessKey of a RAM user
ok       clock: `);
    expect(stdout).toContain('skipped  identity: there are no source credentials\n');
    expect(stdout).toContain(`skipped  role ${ROLE}: STS does not know who asks\n`);
    expect(stdout).toContain('skipped  session at app-media: no role of its grants was assumed\n');
  });
});

describe('doctor tells of the source credentials', () => {
  const FAILURES: readonly (readonly [string, Readonly<Record<string, string>>, string, RegExp])[] =
    [
      ['that there are none', {}, 'source credentials', /neither ALIBABA_CLOUD_ACCESS_KEY_ID nor/],
      [
        'that a half is missing',
        { ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAI5tExample' },
        'source credentials',
        /ALIBABA_CLOUD_ACCESS_KEY_ID is set, but ALIBABA_CLOUD_ACCESS_KEY_SECRET is not/,
      ],
      [
        'that the AccessKey does not exist',
        {
          ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAI5tExample',
          ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'nobodysSecret',
        },
        'identity',
        /InvalidAccessKeyId\.NotFound: the AccessKey does not exist/,
      ],
      [
        'that the parts do not belong together',
        {
          ALIBABA_CLOUD_ACCESS_KEY_ID: 'STS.example',
          ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'nobodysSecret',
          ALIBABA_CLOUD_SECURITY_TOKEN: 'anotherToken',
        },
        'identity',
        /InvalidAccessKeyId\.NotFound/,
      ],
    ];

  it.each(FAILURES)('%s', async (_what, environment, check, cause) => {
    const { code, of } = await doctor.world.examine({ environment });

    expect(code).toBe(6);
    expect(of(check)).toMatchObject({ status: 'failed', fix: expect.any(String) });
    expect(of(check)?.cause).toMatch(cause);
    expect(of('role ')?.status).toBe('skipped');
  });

  it('that the secret is another one', async () => {
    const { accessKeyId } = doctor.world.simulator.sourceCredentials;
    const environment = {
      ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'mistypedSecret',
    };

    expect((await doctor.world.examine({ environment })).of('identity')?.cause).toContain(
      'SignatureDoesNotMatch: the AccessKeySecret does not belong to the AccessKeyId',
    );
  });

  it('that the SecurityToken has expired', async () => {
    doctor.world.simulator.sts.faults.set({ kind: 'sourceCredentialsExpired' });

    expect((await doctor.world.examine()).of('identity')?.cause).toContain('have expired');
  });

  it('that they are those of the account itself', async () => {
    const { accessKeyId } = doctor.world.simulator.sourceCredentials;
    const identity = doctor.world.simulator.cloud.identities.get(accessKeyId);
    if (identity === undefined) throw new Error('no identity');
    doctor.world.simulator.cloud.identities.set(accessKeyId, {
      ...identity,
      arn: 'acs:ram::123456789012:root',
    });

    expect((await doctor.world.examine()).of('identity')).toMatchObject({
      status: 'failed',
      fix: 'use a RAM user or a RAM role, and delete the AccessKey of the account',
    });
  });

  it.each([
    ['names nobody', {}],
    ['is no identity', { Arn: 'acs:ram::123456789012:user/\u001b[2J', IdentityType: 'RAMUser' }],
    [
      'is too long',
      { Arn: `acs:ram::123456789012:user/${'x'.repeat(1000)}`, IdentityType: 'RAMUser' },
    ],
  ])('that the answer of STS %s', async (_what, body) => {
    const server = await startAnswering(() => ({ status: 200, body: JSON.stringify(body) }));
    const { code, of } = await doctor.world.examine({
      text: doctor.world.configText({ sts: server.url }),
    });
    await server.close();

    expect(code).toBe(6);
    expect(of('identity')).toMatchObject({
      status: 'failed',
      saw: 'an answer that names no identity',
      cause: 'something else answered in the place of STS',
    });
    expect(of('role ')?.status).toBe('skipped');
  });

  it('that the role of a function is only there on Function Compute', async () => {
    const more = 'sourceCredentials: { type: function }';
    const { of } = await doctor.world.examine({
      text: doctor.world.configText({ more }),
      environment: {},
    });

    expect(of('source credentials')?.status).toBe('skipped');
  });
});

describe('doctor tells of clock and STS', () => {
  it('that nobody answers', async () => {
    const { of } = await doctor.world.examine({
      text: doctor.world.configText({ sts: doctor.world.nowhere }),
    });

    expect(of('clock')).toMatchObject({ status: 'failed' });
    expect(of('identity')?.saw).toContain('GetCallerIdentity: ');
  });

  it.each([
    [120, /^1(19|20|21) s behind STS$/, /an issuer tolerates 30 s/],
    [3600, /^36\d\d s behind STS$|^3599 s behind STS$/, /more than 15 minutes off/],
  ])('that the clock is %s s behind', async (seconds, saw, cause) => {
    const server = await startAnswering(() => ({
      status: 400,
      headers: { date: new Date(Date.now() + seconds * 1000).toUTCString() },
    }));
    const { of, code } = await doctor.world.examine({
      text: doctor.world.configText({ sts: server.url }),
    });
    await server.close();

    expect(code).toBe(6);
    expect(of('clock')).toMatchObject({
      status: 'failed',
      fix: 'synchronise the clock of this machine by NTP',
    });
    expect(of('clock')?.saw).toMatch(saw);
    expect(of('clock')?.cause).toMatch(cause);
  });

  it('that STS finds the signature too old', async () => {
    doctor.world.clock.offsetMs = 3_600_000;

    expect((await doctor.world.examine()).of('identity')?.cause).toContain('15 minutes off');
  });
});

describe('doctor tells of roles', () => {
  const changeRole = (change: object) => {
    const role = doctor.world.simulator.cloud.roles.get(ROLE);
    if (role !== undefined) doctor.world.simulator.cloud.roles.set(ROLE, { ...role, ...change });
  };

  it.each([
    [
      'its trust policy',
      () => changeRole({ trustedArns: [] }),
      /NoPermission/,
      /name the source identity in the trust policy of the role/,
    ],
    [
      'another external ID',
      () => changeRole({ externalId: 'secret-of-partner' }),
      /NoPermission/,
      /compare the external ID/,
    ],
    [
      'that it does not exist',
      () => doctor.world.simulator.cloud.roles.delete(ROLE),
      /EntityNotExist.Role/,
      /create the role/,
    ],
    [
      'that the source identity may not assume it',
      () => {
        const { accessKeyId } = doctor.world.simulator.sourceCredentials;
        const identity = doctor.world.simulator.cloud.identities.get(accessKeyId);
        if (identity !== undefined) {
          doctor.world.simulator.cloud.identities.set(accessKeyId, { ...identity, policies: [[]] });
        }
      },
      /NoPermission/,
      /allow the source identity sts:AssumeRole on acs:ram/,
    ],
  ])('%s', async (_what, change, saw, fix) => {
    change();
    const { code, of } = await doctor.world.examine();

    expect(code).toBe(6);
    expect(of('role ')).toMatchObject({
      status: 'failed',
      link: expect.stringContaining('https://'),
    });
    expect(of('role ')?.saw).toMatch(saw);
    expect(of('role ')?.cause).toContain('no credential for user-files: ');
    expect(of('role ')?.fix).toMatch(fix);
    expect(of('session at')?.status).toBe('skipped');
  });

  it('that its sessions are too short', async () => {
    const { of } = await doctor.world.examine({
      text: doctor.world.configText({ grant: '    duration: { max: 2h }' }),
    });

    expect(of('role ')?.cause).toContain('a grant has a longer maximum than the role');
    expect(of('role ')?.fix).toContain('--NewMaxSessionDuration 7200');
  });
});

describe('doctor tells of buckets', () => {
  const changeBucket = (change: object) => {
    const bucket = doctor.world.simulator.cloud.buckets.get('app-media');
    if (bucket !== undefined)
      doctor.world.simulator.cloud.buckets.set('app-media', { ...bucket, ...change });
  };

  it('that one is in another region than its endpoint', async () => {
    changeBucket({ region: 'cn-beijing', elsewhere: 'oss-cn-beijing.aliyuncs.com' });
    const { code, of } = await doctor.world.examine();

    expect(code).toBe(6);
    expect(of('bucket app-media')).toMatchObject({
      status: 'failed',
      saw: 'OSS answered 403 AccessDenied, use oss-cn-beijing.aliyuncs.com',
      fix: 'set buckets.app-media.region to cn-beijing',
    });
    expect(of('CORS')).toMatchObject({ status: 'skipped', saw: 'the bucket failed' });
  });

  it('that a signature for the region of the config is not taken', async () => {
    changeBucket({ region: 'cn-beijing' });
    const { of } = await doctor.world.examine();

    expect(of('session at app-media')?.saw).toMatch(
      /^OSS answered 400 InvalidArgument \(EC 0002-00000226\), request [0-9A-F]+$/,
    );
    expect(of('session at app-media')).toMatchObject({
      cause: expect.stringContaining('the signature is for another region'),
      link: 'https://www.alibabacloud.com/help/en/oss/support/0002-00000226',
    });
  });

  it('that one does not exist', async () => {
    doctor.world.simulator.cloud.buckets.delete('app-media');

    expect((await doctor.world.examine()).of('bucket app-media')).toMatchObject({
      status: 'failed',
      cause: 'the bucket does not exist: its name is mistyped, or it was deleted',
    });
  });

  it('that one cannot be reached', async () => {
    const { of } = await doctor.world.examine({
      text: doctor.world.configText({ oss: doctor.world.nowhere }),
    });

    expect(of('bucket app-media')).toMatchObject({
      status: 'failed',
      saw: expect.stringContaining('it cannot be reached ('),
    });
  });

  it('that anybody can list one', async () => {
    const server = await startAnswering(() => ({ status: 200, body: '<ListBucketResult/>' }));
    const { of } = await doctor.world.examine({
      text: doctor.world.configText({ oss: server.url }),
    });
    await server.close();

    expect(of('bucket app-media')?.saw).toBe('anybody can list it');
  });

  it('that something else answers', async () => {
    const server = await startAnswering(() => ({ status: 502, body: '<html>' }));
    const { of } = await doctor.world.examine({
      text: doctor.world.configText({ oss: server.url }),
    });
    await server.close();

    expect(of('bucket app-media')?.cause).toContain('something else answered in the place of OSS');
  });

  it('that a page may not ask one', async () => {
    changeBucket({ corsOrigins: ['https://other.example.com'] });
    const { code, of } = await doctor.world.examine();

    expect(code).toBe(6);
    expect(of('CORS of app-media')).toMatchObject({
      check: `CORS of app-media for ${ORIGIN}`,
      status: 'failed',
      saw: 'PUT, POST, DELETE, GET, HEAD refused',
      fix: 'set the rules that oss-token-broker setup prints',
    });
  });
});

describe('doctor --ec', () => {
  it.each([
    ['0003-00000301', 'the session policy denies the request'],
    ['0002-00000902', 'OSS does not know the AccessKeyId'],
    ['0003-99999999', 'a refusal of authorization: what a policy or an ACL allows'],
    ['9999-00000000', 'a code of OSS that is not known here'],
  ])('says what %s means, with its link', async (ec, meaning) => {
    const { code, stdout } = await doctor.cli.run(['doctor', '--ec', ec]);

    expect(code).toBe(0);
    expect(stdout).toContain(`EC ${ec}: ${meaning}\ncause  `);
    expect(stdout).toContain(`link   https://www.alibabacloud.com/help/en/oss/support/${ec}\n`);
  });

  it.each([
    [['--ec', 'AccessDenied'], '--ec is a code such as 0003-00000301.'],
    [['--ec', '0003-00000301', 'broker.yaml'], '--ec needs no config.'],
  ])('refuses %j', async (args, sentence) => {
    const { code, stderr } = await doctor.cli.run(['doctor', ...args]);

    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
