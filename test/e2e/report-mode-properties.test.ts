import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { AuditLine } from '../../src/audit/line.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { createDecide } from '../../src/decide.ts';
import { createLimits } from '../../src/limits/limits.ts';
import type { RenderSessionPolicy } from '../../src/ports.ts';
import { createReportGrants } from '../../src/report-mode.ts';
import { createSessionPolicyMemo } from '../../src/session-policy/session-policy-memo.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { SIMPLE_CONFIG, startTestBroker } from '../support/broker.ts';
import { makeIssuer, makeToken } from '../support/config.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { fc } from '../support/seeded.ts';

type Mode = 'enforce' | 'report' | undefined;
type Members = Readonly<Record<string, unknown>>;

interface GrantPlan extends Members {
  readonly name: string;
  readonly mode: Mode;
  readonly when: readonly (Members & { readonly mode: Mode })[];
}

const mode = fc.constantFrom<Mode>('report', 'report', 'enforce', undefined);

const condition = fc
  .tuple(
    mode,
    fc.constantFrom<Members>(
      { claim: 'plan', in: ['pro', 'team'] },
      { claim: 'plan', exists: true },
      { claim: 'groups', contains: 'a' },
      { claim: 'sub', startsWith: 'user-' },
      { claim: 'level', equals: 1 },
    ),
  )
  .map(([itsMode, comparison]) => ({ ...comparison, mode: itsMode }));

/** Members of grants for which every step of the decision can refuse. */
const members = fc.record({
  mode,
  when: fc.array(condition, { maxLength: 2 }),
  allow: fc
    .subarray(['users/{user}/', 'users/{user}/in/', 'groups/{groups}/', 'shared/'], {
      minLength: 1,
      maxLength: 2,
    })
    .map((keys) =>
      keys.map((key) => ({ target: `oss://app-media/${key}`, permissions: ['read', 'list'] })),
    ),
  duration: fc.constantFrom(
    { default: '15m', max: '15m' },
    { default: '15m', max: '1h' },
    { default: '15m', max: '1h', strict: true },
  ),
  disabled: fc.constantFrom(false, false, false, true),
});

const grants: fc.Arbitrary<readonly GrantPlan[]> = fc
  .array(members, { minLength: 1, maxLength: 4 })
  .map((list) =>
    list.map((one, index) => ({
      name: `grant-${index}`,
      issuer: 'app',
      role: 'acs:ram::123456789012:role/oss-uploader',
      restrict: { https: false },
      ...one,
    })),
  );

const request = fc.record({
  claims: fc.record(
    {
      plan: fc.constantFrom('pro', 'free'),
      groups: fc.constantFrom(['a', 'b'], ['a'], [], 'a'),
      level: fc.constantFrom(1, '1'),
    },
    { requiredKeys: ['groups'] },
  ),
  body: fc.record(
    {
      Grant: fc.constantFrom('grant-0', 'grant-1', 'nobody'),
      Target: fc.constantFrom(
        'oss://app-media/users/user-1/in/',
        'oss://app-media/shared/x',
        'oss://other/',
      ),
      Permissions: fc.constantFrom(['read'], ['list'], ['write']),
      DurationSeconds: fc.constantFrom(900, 1800),
    },
    { requiredKeys: [] },
  ),
});

type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** A grant that fits nobody, since a config needs at least one grant. */
const NOBODYS = {
  name: 'nobodys',
  issuer: 'app',
  role: 'acs:ram::123456789012:role/oss-uploader',
  when: [{ claim: 'nobody has this', exists: true }],
  allow: [{ target: 'oss://app-media/nobodys/', permissions: ['read'] }],
};

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await createTestIssuer();
});
afterAll(() => issuer.close());

/** Sends the requests; returns the answers, the sessions that STS was asked for, and the audit lines. */
async function observe(plan: readonly object[], requests: readonly Request[]) {
  const [beforeGrants = ''] = SIMPLE_CONFIG.replace(
    'user: { claim: sub }',
    'user: { claim: sub }\n      groups: { claim: groups }',
  ).split(/(?<=grants:)/);
  // JSON is YAML
  const config = `${beforeGrants} ${JSON.stringify([...plan, NOBODYS])}\n`;
  const broker = await startTestBroker({ config, issuer });
  const answers = [];
  for (const { claims, body } of requests) {
    const { status, body: answered } = await broker.ask({ claims, body });
    const { code, detail, grants: listed, Grant } = answered;
    answers.push({
      status,
      code,
      detail,
      listed,
      granted: JSON.stringify(Grant)?.replace(/127[^"]*/g, ''),
    });
  }
  const sessions = broker.simulator.sts.calls.map(({ params }) => ({
    policy: params['Policy'],
    name: params['RoleSessionName'],
    seconds: params['DurationSeconds'],
  }));
  await broker.close();
  return { answers, sessions, lines: broker.auditLines() };
}

function withoutReportMode(plan: readonly GrantPlan[]): readonly GrantPlan[] {
  return plan
    .filter((grant) => grant.mode !== 'report')
    .map((grant) => ({ ...grant, when: grant.when.filter((one) => one.mode !== 'report') }));
}

const RUNS = { numRuns: Number(process.env['FC_RUNS'] ?? 50) };

describe('for any config and any request', () => {
  it('the answer is the same as for the config without grants and conditions in report mode', async () => {
    const requests = fc.array(request, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(grants, requests, async (plan, asked) => {
        const withReports = await observe(plan, asked);
        const without = await observe(withoutReportMode(plan), asked);

        expect(withReports.answers).toEqual(without.answers);
        expect(withReports.sessions).toEqual(without.sessions);
        expect(without.lines.some((line) => 'reported' in line)).toBe(false);
      }),
      RUNS,
    );
  }, 60_000);

  it('a grant that is enforced alone decides as its report said', async () => {
    await fc.assert(
      fc.asyncProperty(grants, request, async (plan, { claims, body }) => {
        const { Grant, ...asked } = body;
        const [first = NOBODYS] = plan;
        const onTrial = await observe([{ ...first, mode: 'report' }], [{ claims, body }]);
        const alone = await observe([{ ...first, mode: 'enforce' }], [{ claims, body: asked }]);
        const [line = {}] = alone.lines;
        const { decision, reason, targets, durationSeconds, sessionPolicySha256 } = line;
        const outcome =
          decision === 'granted'
            ? { targets, durationSeconds, sessionPolicySha256 }
            : { reason, why: comparable(line['why']) };
        const reported: readonly object[] = Object(onTrial.lines[0])['reported'];

        expect(reported.map((one) => ({ ...one, why: comparable(Object(one)['why']) }))).toEqual([
          { grant: first.name, decision, ...outcome },
        ]);
      }),
      RUNS,
    );
  }, 60_000);
});

/** `why` without the misfit of the grant that fits nobody and without `leftSeconds`, which changes with time. */
function comparable(why: unknown): unknown {
  if (typeof why !== 'object' || why === null) return undefined;
  const { misfits, ...others } = Object(why);
  if (!Array.isArray(misfits)) return { ...others, leftSeconds: undefined };
  return { ...others, misfits: misfits.filter(({ grant }) => grant !== NOBODYS.name) };
}

describe('a defect in a grant in report mode', () => {
  const text = (onTrial: string) =>
    `${SIMPLE_CONFIG}
  - name: on-trial
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/defect/", permissions: [read] }]
    ${onTrial}
`
      .replace('{{issuer}}', 'https://login.example.com')
      .replace('{{sts}}', '127.0.0.1:1')
      .replace('{{oss}}', 'http://127.0.0.1:1');

  /** Asks a broker whose renderer throws for one target. */
  async function ask(onTrial: string, body: object) {
    const lines: AuditLine[] = [];
    const { config } = loadConfig({ text: text(onTrial), file: 'broker.yaml', environment: {} });
    const now = () => 1_800_000_000_000;
    const memo = createSessionPolicyMemo(10);
    const render: RenderSessionPolicy = (input) => {
      if (JSON.stringify(input).includes('defect')) throw new TypeError('canary');
      return memo(input);
    };
    const limits = createLimits({
      config,
      store: createMemoryStore({ now }),
      now,
      randomUuid: () => 'x',
    });
    const app = createApp({
      config,
      now,
      limits,
      recordAudit: async (line) => void lines.push(line),
      readOrigin: () => ({ requestId: 'REQUEST-1' }),
      findSourceProblem: async () => undefined,
      decide: createDecide(
        config.grants.filter(({ mode }) => mode !== 'report'),
        render,
      ),
      reportGrants: createReportGrants(config.grants, render, limits.checkKillSwitches),
      assumeRoleFor: () => async () => ({
        accessKeyId: 'STS.id',
        accessKeySecret: 'secret',
        securityToken: 'token',
        expiration: '2027-01-15T08:15:00Z',
        expiresAtMs: now() + 900_000,
        isCached: false,
      }),
      verifySubjectToken: async () => makeToken({ issuer: makeIssuer() }),
    });
    const response = await app.request('/v1/credentials', {
      method: 'POST',
      headers: { Authorization: 'Bearer a.b.c', 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, line: lines[0] };
  }

  it('changes no decision, and is reported as a defect with its place', async () => {
    const { status, line } = await ask('mode: report', {});

    expect(status).toBe(200);
    expect(line).toMatchObject({ decision: 'granted', grant: 'user-files' });
    expect(line?.reported).toEqual([
      {
        grant: 'on-trial',
        decision: 'refused',
        reason: 'internal_error',
        why: { problem: expect.stringContaining('TypeError at ') },
      },
    ]);
    expect(JSON.stringify(line)).not.toContain('canary');
  });

  it('fails the request once the grant is enforced', async () => {
    const { status, line } = await ask('mode: enforce', { Grant: 'on-trial' });

    expect(status).toBe(500);
    expect(line).toMatchObject({ decision: 'refused', reason: 'internal_error' });
  });
});
