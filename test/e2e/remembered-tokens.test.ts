/** What the broker remembers of a token never changes a decision: not across callers, time, keys or configs. */
import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns';
import { exportJWK } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { createStaticCredentials } from '../../simulator/static-credentials.ts';
import type { AuditLine } from '../../src/audit/line.ts';
import { createBroker } from '../../src/broker.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { createFetchIssuer } from '../../src/subject-token/keys/issuer-fetch.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { generateSigningKey } from '../support/keys.ts';
import { ignoreEvents } from '../support/observe.ts';
import { fc } from '../support/seeded.ts';
import { parametersOf, policyOf, QUERY, ROLE_ARN } from '../support/sts-door.ts';

const MINUTE_MS = 60_000;

let simulator: Simulator;
let issuer: TestIssuer;
let nowMs = Date.now();

beforeAll(async () => {
  issuer = await createTestIssuer({ now: () => nowMs });
  simulator = await startSimulator({
    now: Date.now,
    buckets: ['app-media'],
    region: 'cn-hangzhou',
  });
});

afterAll(async () => {
  await Promise.all([issuer.close(), simulator.close()]);
});

/** Settings that a reload can change: each of them must take effect on remembered tokens at once. */
const RELOADS = {
  none: (text: string) => text,
  disabled: (text: string) =>
    text.replace('    issuer: app', '    issuer: app\n    disabled: true'),
  denied: (text: string) =>
    text.replace('    audiences:', '    deny: { subjects: [a] }\n    audiences:'),
  revoked: (text: string) =>
    text.replace('    audiences:', '    tokensValidAfter: 2099-01-01T00:00:00Z\n    audiences:'),
  audience: (text: string) => text.replace('[oss-token-broker]', '[another]'),
  moved: (text: string) => text.replace('users/{user}/', 'people/{user}/'),
} as const;

const SUBJECTS = ['a', 'b', 'a ', 'A', 'ab'] as const;
/** So that the name of a grant changes what a token gets. */
const SECOND_GRANT = `  - name: people
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow:
      - { target: "oss://app-media/users/{user}/", permissions: [read] }
    restrict: { https: false }
`;

const TARGETS = [undefined, 'oss://app-media/users/a/', 'oss://app-media/users/ab/x'] as const;

/** What a call of STS can ask for beside a duration. Each changes what a token gets. */
const ROLES = [ROLE_ARN, ROLE_ARN.replace('oss-uploader', 'user-files')];
const OTHER_ROLE = ROLE_ARN.replace('oss-uploader', 'people');
const POLICIES = [
  undefined,
  policyOf('oss://app-media/users/a/', ['read']),
  policyOf('oss://app-media/users/a/x/', undefined),
];

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      subject: fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 4),
      life: fc.constantFrom(600, 5400, 5400),
      target: fc.constantFrom(0, 0, 0, 1, 2),
      duration: fc.constantFrom(undefined, 900, 3600, 3600),
      grant: fc.constantFrom('user-files', 'user-files', 'people', undefined),
      permissions: fc.constantFrom(undefined, undefined, ['read'], ['write']),
      isForged: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('askSts' as const),
      subject: fc.constantFrom(0, 0, 0, 1),
      life: fc.constantFrom(600, 5400, 5400),
      role: fc.constantFrom(...ROLES, OTHER_ROLE, OTHER_ROLE),
      duration: fc.constantFrom(undefined, undefined, 900, 3600),
      policy: fc.constantFrom(...POLICIES),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      minutes: fc.constantFrom(-5, 1, 50, 50),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reload' as const),
      to: fc.constantFrom<keyof typeof RELOADS>(
        ...Object.values(Object.keys(RELOADS)).filter(isReload),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rotate' as const) }) },
);

function isReload(name: string): name is keyof typeof RELOADS {
  return name in RELOADS;
}

function makeBroker(text: string) {
  const lines: AuditLine[] = [];
  const { config } = loadConfig({ text, file: 'broker.yaml', environment: {} });
  const broker = createBroker({
    config,
    sourceCredentials: createStaticCredentials(simulator.sourceCredentials),
    recordAudit: async (line) => void lines.push(line),
    now: () => nowMs,
    fetchIssuer: createFetchIssuer({ lookup }),
    randomUuid: randomUUID,
    random: () => 0,
    isOnFunctionCompute: false,
    usesFunctionRole: false,
    observe: ignoreEvents,
  });
  async function decide(request: Request) {
    const response = await broker.fetch(request, {});
    await response.body?.cancel();
    const { reason, subject, targets, durationSeconds, sessionPolicySha256, roleSessionName } =
      lines.at(-1) ?? {};
    // the SDK signs with the real clock, so STS may refuse what the broker let through
    const refused = reason?.startsWith('sts_') === true ? undefined : reason;
    return { refused, subject, targets, durationSeconds, sessionPolicySha256, roleSessionName };
  }
  return {
    ask: (token: string, body: object) =>
      decide(
        new Request('http://broker/v1/credentials', {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
    askSts: (token: string, members: Readonly<Record<string, unknown>>, role: string) =>
      decide(
        new Request(`http://broker/?${QUERY}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
          body: parametersOf(token, members, role).toString(),
        }),
      ),
  };
}

describe('a token that comes again', () => {
  it('gets what a broker that has never seen it decides, for any sequence of events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        nowMs = Date.now();
        const tokens = new Map<string, string>();
        let reload: keyof typeof RELOADS = 'none';
        const text = () => withInlineKeys(reload);
        let remembering = makeBroker(await text());
        for (const one of steps) {
          if (one.kind === 'wait') {
            nowMs += one.minutes * MINUTE_MS;
            continue;
          }
          if (one.kind !== 'ask' && one.kind !== 'askSts') {
            if (one.kind === 'reload') reload = one.to;
            else issuer.rotate();
            remembering = makeBroker(await text());
            continue;
          }
          const sub = SUBJECTS[one.subject] ?? '';
          const id = `${sub}:${one.life}`;
          const token =
            tokens.get(id) ??
            (await issuer.token({ sub, exp: Math.floor(nowMs / 1000) + one.life }));
          tokens.set(id, token);
          if (one.kind === 'askSts') {
            const members = {
              ...(one.duration === undefined ? {} : { DurationSeconds: one.duration }),
              ...(one.policy === undefined ? {} : { Policy: one.policy }),
            };

            expect(await remembering.askSts(token, members, one.role)).toEqual(
              await makeBroker(await text()).askSts(token, members, one.role),
            );
            continue;
          }
          const [header, payload, signature = ''] = token.split('.');
          const sent = one.isForged
            ? [
                header,
                payload,
                `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
              ].join('.')
            : token;
          const target = TARGETS[one.target];
          const body = {
            ...(target === undefined ? {} : { Target: target }),
            ...(one.duration === undefined ? {} : { DurationSeconds: one.duration }),
            ...(one.grant === undefined ? {} : { Grant: one.grant }),
            ...(one.permissions === undefined ? {} : { Permissions: one.permissions }),
          };

          expect(await remembering.ask(sent, body)).toEqual(
            await makeBroker(await text()).ask(sent, body),
          );
        }
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 40) },
    );
  }, 120_000);

  it('gets a shorter credential once it has less time left', async () => {
    nowMs = Date.now();
    const broker = makeBroker(await withInlineKeys('none'));
    const token = await issuer.token({ sub: 'a', exp: Math.floor(nowMs / 1000) + 5400 });
    const durationAfter = async (minutes: number) => {
      nowMs += minutes * MINUTE_MS;
      return (await broker.ask(token, { Grant: 'user-files', DurationSeconds: 3600 }))
        .durationSeconds;
    };

    expect(await durationAfter(0)).toBe(3600);
    expect(await durationAfter(1)).toBe(3600);
    expect(await durationAfter(50)).toBeLessThanOrEqual(2400);
  });

  /** A config that holds the keys: they end with it, and not with the time. */
  async function withInlineKeys(reload: keyof typeof RELOADS): Promise<string> {
    const jwks = JSON.stringify({ keys: await publicKeys() });
    return RELOADS[reload](
      SIMPLE_CONFIG.replace('    audiences:', `    jwks: ${jwks}\n    audiences:`),
    )
      .replace('{{issuer}}', issuer.url)
      .replace('{{sts}}', simulator.sts.url)
      .replace('{{oss}}', simulator.oss.url)
      .concat(
        SECOND_GRANT,
        'surfaces: { sts: true }\nlimits: { assumeRole: { requests: 100000, window: 1m } }\n',
      );
  }

  async function publicKeys(): Promise<readonly object[]> {
    const response = await fetch(issuer.jwksUri);
    const { keys } = Object(await response.json());
    return keys;
  }
});

describe('a remembered token', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await startTestBroker({ config: SIMPLE_CONFIG });
  });
  afterEach(() => broker.close());

  it('gets a credential for the address of each request, where the grant restricts it', async () => {
    const config = SIMPLE_CONFIG.replace('https: false', 'https: false, sourceIp: caller').concat(
      'callerAddress: { header: X-Forwarded-For, trustedHops: 1 }\n',
    );
    const restricted = await startTestBroker({ config });
    // only what the token's life does not shorten is remembered
    const token = await restricted.issuer.token({ exp: Math.floor(Date.now() / 1000) + 5400 });
    const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.1'];
    for (const address of addresses) {
      const headers = { 'X-Forwarded-For': address };
      expect((await restricted.ask({ token, headers })).status).toBe(200);
    }
    const policies = restricted.simulator.sts.calls.map(({ params }) => String(params['Policy']));
    const [first, second, third] = restricted
      .auditLines()
      .map((line) => line['sessionPolicySha256']);
    await restricted.close();

    expect(policies.map((policy) => addresses.filter((one) => policy.includes(one)))).toEqual([
      ['192.0.2.1', '192.0.2.1'],
      ['192.0.2.2'],
    ]);
    expect(third).toBe(first);
    expect(second).not.toBe(first);
  });

  it('is refused once the issuer has another key with the same kid', async () => {
    const token = await broker.issuer.token({ exp: Math.floor(Date.now() / 1000) + 7200 });
    const [old] = broker.issuer.keys();
    expect((await broker.ask({ token })).status).toBe(200);
    const { publicKey } = generateSigningKey('ES256', 'another');
    const jwk = await exportJWK(publicKey);
    broker.issuer.publish({ keys: [{ ...jwk, kid: old.keyId, alg: 'ES256', use: 'sig' }] });
    broker.clock.offsetMs = 20 * MINUTE_MS;

    expect(await broker.ask({ token })).toMatchObject({
      status: 401,
      body: { code: 'subject_token_invalid' },
    });
    expect(broker.auditLines().at(-1)).toMatchObject({ reason: 'signature_invalid' });
  });

  it('is refused once the issuer has withdrawn its key', async () => {
    const token = await broker.issuer.token({ exp: Math.floor(Date.now() / 1000) + 7200 });
    expect((await broker.ask({ token })).status).toBe(200);
    expect((await broker.ask({ token })).status).toBe(200);
    broker.issuer.rotate();
    broker.clock.offsetMs = 20 * MINUTE_MS;

    expect(await broker.ask({ token })).toMatchObject({
      status: 401,
      body: { code: 'subject_token_invalid' },
    });
  });
});
