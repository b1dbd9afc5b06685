/** What `explain` says is what the broker does, and what OSS does with the credential. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMembers } from '../../src/api/native/request.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { explainRequest } from '../../src/explain/explain-request.ts';
import { signOssRequest } from '../../src/lib/sign-oss-request.ts';
import { useCredential } from '../../src/probe-broker/use-credential.ts';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { toObject } from '../support/declared.ts';
import { writtenConfig } from '../support/written-config.ts';

const CONFIG = `
region: cn-hangzhou
sts: { endpoint: "{{sts}}", timeout: 2s }
buckets:
  app-media: { region: cn-hangzhou, endpoint: "{{oss}}" }
issuers:
  - name: app
    issuer: "{{issuer}}"
    audiences: [oss-token-broker]
    deny: { subjects: [mallory] }
    attributes:
      user: { claim: sub }
      teams: { claim: teams }
grants:
  - name: user-files
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read, write, list] }]
    duration: { default: 15m, max: 1h }
    restrict: { https: false }
  - name: team-files
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    when: [{ claim: plan, equals: team }]
    allow: [{ target: "oss://app-media/teams/{teams}/", permissions: [read, delete] }]
    restrict: { https: false }
  - name: publishers
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    when: [{ claim: plan, equals: publisher }]
    allow: [{ target: "oss://app-media/public/", permissions: [write] }]
    publicAcl: allow
    restrict: { https: false }
  - name: closed
    issuer: app
    disabled: true
    role: acs:ram::123456789012:role/oss-uploader
    when: [{ claim: plan, in: [closed] }]
    allow: [{ target: "oss://app-media/closed/", permissions: [read] }]
    restrict: { https: false }
  - name: trial
    issuer: app
    mode: report
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/trial/{user}/", permissions: [read] }]
    restrict: { https: false }
`;

let broker: TestBroker;
let config: Config;

beforeAll(async () => {
  broker = await startTestBroker({ config: CONFIG });
  config = loadConfig({
    text: writtenConfig(CONFIG, broker),
    file: 'broker.yaml',
    environment: {},
  }).config;
});

afterAll(() => broker.close());

const seconds = (offset: number) => Math.floor(Date.now() / 1000) + offset;

/** Claims and bodies, and the reason or the grant that must come out. */
const CASES: readonly (readonly [string, Readonly<Record<string, unknown>>, object, string])[] = [
  ['the only grant that fits', { sub: '42' }, {}, 'user-files'],
  ['a narrowed target', { sub: '42' }, { Target: 'oss://app-media/users/42/a.png' }, 'user-files'],
  ['narrowed permissions', { sub: '42' }, { Permissions: ['read'] }, 'user-files'],
  ['a duration', { sub: '42' }, { DurationSeconds: 1200 }, 'user-files'],
  [
    'a duration that the token shortens',
    { sub: '42', exp: seconds(1000) },
    { DurationSeconds: 3600 },
    'user-files',
  ],
  ['two grants that fit', { sub: '42', plan: 'team', teams: ['a', 'b'] }, {}, 'ambiguous_grant'],
  [
    'one of two by name',
    { sub: '42', plan: 'team', teams: ['a', 'b'] },
    { Grant: 'team-files' },
    'team-files',
  ],
  [
    'one of two by target',
    { sub: '42', plan: 'team', teams: ['a', 'b'] },
    { Target: 'oss://app-media/teams/b/' },
    'team-files',
  ],
  ['a grant that does not fit', { sub: '42' }, { Grant: 'team-files' }, 'grant_not_available'],
  ['a grant in report mode', { sub: '42' }, { Grant: 'trial' }, 'grant_not_available'],
  ['no grant that fits', { sub: 'a/b' }, {}, 'no_grant_fits'],
  [
    'the target of another',
    { sub: '42' },
    { Target: 'oss://app-media/users/43/' },
    'target_outside_grant',
  ],
  ['a permission too many', { sub: '42' }, { Permissions: ['delete'] }, 'permission_outside_grant'],
  ['a duration too long', { sub: '42' }, { DurationSeconds: 7200 }, 'duration_outside_grant'],
  ['a malformed target', { sub: '42' }, { Target: 'oss://app-media/*' }, 'target_malformed'],
  ['a malformed request', { sub: '42' }, { Permissions: ['admin'] }, 'request_malformed'],
  ['a denied subject', { sub: 'mallory' }, {}, 'subject_denied'],
  ['a disabled grant', { sub: '42', plan: 'closed' }, { Grant: 'closed' }, 'grant_disabled'],
  ['another audience', { sub: '42', aud: 'elsewhere' }, {}, 'audience_mismatch'],
  ['an expired token', { sub: '42', exp: seconds(-600), iat: seconds(-900) }, {}, 'token_expired'],
  ['another issuer', { sub: '42', iss: 'https://evil.example' }, {}, 'issuer_untrusted'],
  [
    'another issuer with a long name',
    { sub: '42', iss: `https://evil.example${'/tenant'.repeat(20)}` },
    {},
    'issuer_untrusted',
  ],
  [
    'another issuer with a name that is too long',
    { sub: '42', iss: `https://evil.example${'/tenant'.repeat(60)}` },
    {},
    'issuer_untrusted',
  ],
  ['no text as issuer', { sub: '42', iss: 42 }, {}, 'issuer_untrusted'],
  [
    'a session policy too long',
    { sub: '42', plan: 'team', teams: many() },
    { Grant: 'team-files' },
    'session_policy_too_large',
  ],
];

function many(): readonly string[] {
  return Array.from({ length: 90 }, (_, index) => `team-with-a-long-name-${index}`);
}

describe('explain agrees with the audit line of the broker', () => {
  it.each(CASES)('about %s', async (_what, claims, body, expected) => {
    const token = await broker.issuer.token(claims);
    await broker.ask({ token, body });
    const line = toObject(broker.auditLines().at(-1));
    const explained = await explainRequest({
      config,
      input: { kind: 'token', compactJws: token },
      readRequest: () => readMembers(Object.entries(body)),
      callerAddress: '127.0.0.1',
      nowMs: Date.parse(String(line['time'])),
    });
    const { given, refusal } = explained;

    expect(refusal?.reason ?? given?.grant).toBe(expected);
    expect(explained.outcome).toBe(line['decision']);
    expect(refusal?.reason).toBe(line['reason']);
    if (refusal !== undefined) expect(refusal.why).toEqual(line['why'] ?? {});
    expect(explained.reported).toEqual(line['reported']);
    if (given === undefined) return;
    expect({
      grant: given.grant,
      targets: given.targets,
      sessionPolicySha256: given.sessionPolicySha256,
      roleSessionName: given.roleSessionName,
      durationSeconds: given.durationSeconds,
    }).toEqual({
      grant: line['grant'],
      targets: line['targets'],
      sessionPolicySha256: line['sessionPolicySha256'],
      roleSessionName: line['roleSessionName'],
      durationSeconds: line['durationSeconds'],
    });
    expect(explained.grants.find(({ grant }) => grant === given.grant)?.fate).toBe('chosen');
  });
});

describe('the table of operations', () => {
  /** Requests that the simulated OSS decides by the same session policy. */
  const USES = {
    PutObject: 'put',
    'GetObject over plain http': 'get',
    DeleteObject: 'delete',
    'ListObjects of its folder': 'list',
  } as const;

  it.each([
    ['of a user', { sub: '42' }, {}],
    ['of one object', { sub: '42' }, { Target: 'oss://app-media/users/42/a.png' }],
    ['of some permissions', { sub: '42' }, { Permissions: ['list'] }],
    ['of a publisher', { sub: '42', plan: 'publisher' }, { Grant: 'publishers' }],
    ['of two teams', { sub: '42', plan: 'team', teams: ['a', 'b'] }, { Grant: 'team-files' }],
  ])('%s is what OSS decides', async (_what, claims, body) => {
    const token = await broker.issuer.token(claims);
    const { body: answer } = await broker.ask({ token, body });
    const { given } = await explainRequest({
      config,
      input: { kind: 'token', compactJws: token },
      readRequest: () => readMembers(Object.entries(body)),
      nowMs: Date.now(),
    });
    const { keys = [], verdicts = [] } = given?.operations ?? {};
    const at = {
      place: { region: 'cn-hangzhou', endpoint: broker.simulator.oss.url, cname: false },
      keys: {
        accessKeyId: String(answer['AccessKeyId']),
        accessKeySecret: String(answer['AccessKeySecret']),
        securityToken: String(answer['SecurityToken']),
      },
      fetch,
      nowMs: Date.now(),
    };
    let asked = 0;
    for (const [operation, use] of Object.entries(USES)) {
      const row = verdicts.find((one) => one.operation === operation);
      for (const [index, { key }] of keys.entries()) {
        const target = use === 'list' ? key.slice(0, key.lastIndexOf('/') + 1) : key;
        const { verdict } = await useCredential({ operation: use, target, expect: 'allowed' }, at);
        expect([operation, key, verdict === 'allowed']).toEqual([
          operation,
          key,
          row?.allowed[index],
        ]);
        asked++;
      }
    }
    const published = verdicts.find((one) => one.operation === 'PutObject with ACL public-read');
    for (const [index, { key }] of keys.entries()) {
      const [, bucket = '', path = ''] = /^oss:\/\/([^/]+)\/(.*)$/.exec(key) ?? [];
      const acl = { 'x-oss-object-acl': 'public-read' } as const;
      const request = { method: 'PUT', bucket, key: path, region: 'cn-hangzhou' } as const;
      const headers = signOssRequest({
        ...request,
        headers: acl,
        credentials: at.keys,
        nowMs: Date.now(),
      });
      const { status } = await fetch(`${broker.simulator.oss.url}/${bucket}/${path}`, {
        method: 'PUT',
        headers,
        body: Buffer.from('public'),
      });
      expect([key, status]).toEqual([key, published?.allowed[index] === true ? 200 : 403]);
    }
    expect(asked).toBeGreaterThan(5);
    expect(keys.map(({ is }) => is)).toContain('neighbour');
    expect(verdicts.flatMap(({ allowed }) => allowed)).toContain(true);
    expect(verdicts.flatMap(({ allowed }) => allowed)).toContain(false);
  });
});
