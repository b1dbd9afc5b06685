import { describe, expect, it, onTestFinished } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBrokerOptions } from '../support/broker.ts';

const ROLE = 'acs:ram::123456789012:role/oss-uploader';

/** An enforced grant for each caller's own prefix. Tests add grants after it. */
const ENFORCED = grant('user-files', { target: 'users/{user}/' });

interface GrantText {
  readonly target: string;
  readonly permissions?: string;
  /** Further lines of YAML, each a member of the grant. */
  readonly more?: readonly string[];
}

function grant(name: string, { target, permissions = 'read, write', more = [] }: GrantText) {
  return `
  - name: ${name}
    issuer: app
    role: ${ROLE}
    allow: [{ target: "oss://app-media/${target}", permissions: [${permissions}] }]
    restrict: { https: false }
${more.map((line) => `    ${line}\n`).join('')}`;
}

/** A grant in report mode for a smaller prefix of the caller. */
const onTrial = (more: readonly string[] = [], name = 'on-trial', target = 'users/{user}/in/') =>
  grant(name, { target, permissions: 'write', more: ['mode: report', ...more] });

/** Starts a broker with these grants. `lastLine` is the audit line of the last decision. */
async function start(grants: readonly string[], options: TestBrokerOptions = {}) {
  const [beforeGrants] = SIMPLE_CONFIG.split(/(?<=grants:)/);
  const config = `${beforeGrants}${grants.join('')}\n${options.config ?? ''}`;
  const broker = await startTestBroker({ ...options, config });
  onTestFinished(() => broker.close());
  return { ...broker, lastLine: () => broker.auditLines().at(-1) ?? {} };
}

const NOT_PRO = 'condition in on claim "plan" does not hold';
const NO_PLAN = `${NOT_PRO}: it needs a string, and the claim is absent`;

describe('a condition in report mode', () => {
  const withPlan = (mode: string) =>
    grant('user-files', {
      target: 'users/{user}/',
      more: [`when: [{ claim: plan, in: [pro], mode: ${mode} }]`],
    });
  const refused = {
    grant: 'user-files',
    decision: 'refused',
    reason: 'no_grant_fits',
    why: { misfits: [{ grant: 'user-files', why: NOT_PRO }] },
  };
  const refusedWithoutPlan = {
    ...refused,
    why: { misfits: [{ grant: 'user-files', why: NO_PLAN }] },
  };

  it('refuses nobody, and the audit line reports what it would have refused', async () => {
    const broker = await start([withPlan('report')]);

    expect((await broker.ask({ claims: { plan: 'free' } })).status).toBe(200);
    expect(broker.lastLine()).toMatchObject({ decision: 'granted', grant: 'user-files' });
    expect(broker.lastLine()).toHaveProperty('reported', [refused]);
  });

  it('reports nothing if it is met', async () => {
    const broker = await start([withPlan('report')]);

    expect((await broker.ask({ claims: { plan: 'pro' } })).status).toBe(200);
    expect(broker.lastLine()).not.toHaveProperty('reported');
  });

  it('refuses as reported once it is enforced', async () => {
    const broker = await start([withPlan('enforce')]);

    expect((await broker.ask({ claims: { plan: 'free' } })).status).toBe(403);
    expect(broker.lastLine()).toMatchObject({ reason: refused.reason, why: refused.why });
    expect(broker.lastLine()).not.toHaveProperty('reported');
    expect((await broker.ask({ claims: { plan: 'pro' } })).status).toBe(200);
  });

  it('is reported with all other unmet conditions in report mode, but not enforced ones', async () => {
    const when = [
      '{ claim: plan, in: [pro], mode: report }',
      '{ claim: sub, exists: true }',
      '{ claim: team, exists: true, mode: report }',
      '{ claim: sub, startsWith: user-, mode: report }',
    ].join(', ');
    const text = grant('user-files', { target: 'users/{user}/', more: [`when: [${when}]`] });
    const broker = await start([text]);
    await broker.ask();

    expect(broker.lastLine()).toHaveProperty('reported.0.why.misfits', [
      { grant: 'user-files', why: NO_PLAN },
      { grant: 'user-files', why: 'condition exists on claim "team" does not hold' },
    ]);
  });

  it('is reported if the request is refused after its grant was matched', async () => {
    const broker = await start([withPlan('report')]);
    const answer = await broker.ask({ body: { Permissions: ['delete'] } });

    expect(answer.body).toMatchObject({ code: 'permission_outside_grant' });
    expect(broker.lastLine()).toMatchObject({ decision: 'refused', grant: 'user-files' });
    expect(broker.lastLine()).toHaveProperty('reported', [refusedWithoutPlan]);
  });

  it('is reported before the grants in report mode', async () => {
    const broker = await start([onTrial(), withPlan('report')]);

    expect((await broker.ask()).status).toBe(200);
    expect(broker.lastLine()).toHaveProperty('reported', [
      refusedWithoutPlan,
      expect.objectContaining({ grant: 'on-trial', decision: 'granted' }),
    ]);
  });

  it('is not reported for a grant that was not used', async () => {
    const broker = await start([withPlan('report'), grant('shared', { target: 'shared/' })]);

    expect((await broker.ask({ body: { Grant: 'shared' } })).status).toBe(200);
    expect(broker.lastLine()).not.toHaveProperty('reported');
    expect((await broker.ask()).body).toMatchObject({ grants: ['user-files', 'shared'] });
    expect(broker.lastLine()).not.toHaveProperty('reported');
  });
});

describe('a grant in report mode', () => {
  it('gives no credential, and reports what it would have granted', async () => {
    const broker = await start([onTrial()]);
    const answer = await broker.ask();

    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'no_grant' });
    expect(broker.stsCalls()).toBe(0);
    expect(broker.lastLine()).toMatchObject({ reason: 'no_grant_fits', why: { misfits: [] } });
    expect(broker.lastLine()).toHaveProperty('reported', [
      {
        grant: 'on-trial',
        decision: 'granted',
        targets: [{ target: 'oss://app-media/users/user-1/in/', permissions: ['write'] }],
        durationSeconds: 900,
        sessionPolicySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it('is refused exactly like a grant that does not exist if a caller names it', async () => {
    const broker = await start([ENFORCED, onTrial()]);
    const outcomeOf = async (name: string) => {
      const { status, body } = await broker.ask({ body: { Grant: name } });
      const { reason, why } = broker.lastLine();
      return { status, body: { ...body, requestId: '' }, reason, why };
    };

    expect(await outcomeOf('on-trial')).toEqual(await outcomeOf('nobody'));
    expect(await outcomeOf('on-trial')).toMatchObject({
      status: 403,
      reason: 'grant_not_available',
    });
    expect((await outcomeOf('user-files')).status).toBe(200);
    expect(broker.stsCalls()).toBe(1);
  });

  it('makes no request ambiguous, and is not listed when a request is', async () => {
    const broker = await start([ENFORCED, onTrial()]);
    const both = await start([ENFORCED, grant('shared', { target: 'shared/' }), onTrial()]);

    expect((await broker.ask()).body).toMatchObject({ Grant: { Name: 'user-files' } });
    expect(broker.lastLine()).toMatchObject({
      decision: 'granted',
      reported: [{ decision: 'granted' }],
    });
    const answer = await both.ask();
    expect(answer.body).toMatchObject({
      code: 'ambiguous_grant',
      grants: ['user-files', 'shared'],
    });
    expect(answer.text).not.toContain('on-trial');
    expect(both.lastLine()).toMatchObject({ reported: [{ grant: 'on-trial' }] });
  });

  it('is decided as if it were the only grant and the caller had named none', async () => {
    const broker = await start([ENFORCED, onTrial(), onTrial([], 'other', 'other/')]);
    await broker.ask({ body: { Grant: 'user-files' } });

    expect(broker.lastLine()).toMatchObject({
      grant: 'user-files',
      reported: [
        { grant: 'on-trial', decision: 'granted' },
        { grant: 'other', decision: 'granted' },
      ],
    });
  });

  it.each<[string, object, readonly string[], object]>([
    [
      'condition',
      {},
      ['when: [{ claim: plan, in: [pro] }]'],
      {
        reason: 'no_grant_fits',
        why: { misfits: [{ grant: 'on-trial', why: NO_PLAN }] },
      },
    ],
    [
      'target',
      { Target: 'oss://app-media/users/user-1/out/' },
      [],
      {
        reason: 'target_outside_grant',
        why: { grants: ['on-trial'] },
      },
    ],
    [
      'permissions',
      { Permissions: ['read'] },
      [],
      {
        reason: 'permission_outside_grant',
        why: { grant: 'on-trial' },
      },
    ],
    [
      'duration',
      { DurationSeconds: 1800 },
      ['duration: { max: 20m }'],
      {
        reason: 'duration_outside_grant',
        why: { grant: 'on-trial', maxSeconds: 1200 },
      },
    ],
    [
      'token life',
      {},
      ['duration: { strict: true }'],
      {
        reason: 'token_life_too_short',
        why: { grant: 'on-trial', leftSeconds: expect.any(Number) },
      },
    ],
    [
      'kill switch',
      {},
      ['disabled: true'],
      {
        reason: 'grant_disabled',
        why: { grant: 'on-trial', by: 'disabled' },
      },
    ],
    [
      'deny list',
      {},
      ['deny: { subjects: [user-1] }'],
      {
        reason: 'grant_disabled',
        why: { grant: 'on-trial', by: 'subject' },
      },
    ],
  ])('refuses for its %s only in the report', async (_, body, more, expected) => {
    const broker = await start([ENFORCED, onTrial(more)]);
    const answer = await broker.ask({ body });

    expect(answer.body).toMatchObject({ Grant: { Name: 'user-files' } });
    expect(broker.lastLine()).toMatchObject({ decision: 'granted' });
    expect(broker.lastLine()).toHaveProperty('reported', [
      { grant: 'on-trial', decision: 'refused', ...expected },
    ]);
  });

  it('is reported if the request fails at STS', async () => {
    const broker = await start([ENFORCED, onTrial()]);
    broker.simulator.sts.faults.once({ kind: 'json5xx', code: 'InternalError' });

    expect((await broker.ask()).status).toBe(503);
    expect(broker.lastLine()).toMatchObject({
      reason: 'sts_unavailable',
      reported: [{ grant: 'on-trial', decision: 'granted' }],
    });
  });

  it('is not evaluated before the token is verified, or for tokens of another issuer', async () => {
    const foreign = onTrial([]).replace('issuer: app', 'issuer: foreign');
    const [, issuers = ''] = /issuers:([\s\S]*?)grants:/.exec(SIMPLE_CONFIG) ?? [];
    const other = issuers
      .replace('name: app', 'name: foreign')
      .replace('{{issuer}}', 'https://f.test');
    const broker = await startTestBroker({
      config: SIMPLE_CONFIG.replace('grants:', `${other}grants:`) + foreign + onTrial([], 'ours'),
    });
    onTestFinished(() => broker.close());
    await broker.ask({ token: 'a.b.c' });
    await broker.ask();
    const [unverified, verified] = broker.auditLines();

    expect(unverified).not.toHaveProperty('reported');
    expect(verified).toMatchObject({ reported: [{ grant: 'ours' }] });
    expect(verified).not.toHaveProperty('reported.1');
  });

  it('counts towards no limit', async () => {
    const broker = await start([ENFORCED, onTrial(), onTrial([], 'another')], {
      config: 'limits: { subject: { requests: 2, window: 1h } }',
    });
    const answers = [await broker.ask(), await broker.ask(), await broker.ask()];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    const [first, second, limited] = broker.auditLines();
    for (const line of [first, second]) {
      expect(line).toMatchObject({ reported: [{ decision: 'granted' }, { decision: 'granted' }] });
    }
    expect(limited).not.toHaveProperty('reported');
  });

  it('is reported with at most 19 others', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `trial-${index}`);
    const broker = await start([ENFORCED, ...names.map((name) => onTrial([], name))]);

    expect((await broker.ask()).status).toBe(200);
    const { reported } = broker.lastLine();
    expect(reported).toHaveLength(20);
    expect(reported).toMatchObject(names.slice(0, 20).map((name) => ({ grant: name })));
  });
});

describe('without report mode', () => {
  it('audit lines have no member "reported"', async () => {
    const broker = await start([ENFORCED]);
    await broker.ask();
    await broker.ask({ body: { Grant: 'nobody' } });

    expect(broker.log.text).toContain('user-files');
    expect(broker.log.text).not.toContain('reported');
  });
});
