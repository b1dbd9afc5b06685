import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { fc } from '../support/seeded.ts';
import { policyOf, throughSts } from '../support/sts-door.ts';
import { throughTokenExchange } from '../support/token-exchange.ts';

const CONFIG = `${SIMPLE_CONFIG}  - name: shared
    issuer: app
    when: [{ claim: plan, equals: pro }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/shared/", permissions: [read, list] }]
    restrict: { https: false }
surfaces: { tokenExchange: true, sts: true }
limits: { assumeRole: { requests: 100000, window: 1m } }
`;

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: CONFIG });
});

afterAll(async () => {
  await broker.close();
});

const text = (...examples: readonly string[]) =>
  fc.oneof(fc.constantFrom(...examples), fc.string({ maxLength: 20 }));

const requests = fc.record(
  {
    Grant: text('user-files', 'shared', 'USER-FILES', ''),
    Target: text(
      'oss://app-media/users/a/',
      'oss://app-media/users/a/b.txt',
      'oss://app-media/users/ab/',
      'oss://app-media/shared/',
      'oss://app-media/users/a/../b/',
      'oss://app-media/users/%61/',
    ),
    Permissions: fc.array(text('read', 'write', 'list', 'delete'), { minLength: 1, maxLength: 3 }),
    DurationSeconds: fc.constantFrom(900, 1800, 3600, 3601, 899, 0),
    Unknown: fc.constant('x'),
  },
  { requiredKeys: [] },
);

/** Well-formed, so that the decision is the grant's. */
const wellFormed = fc.record(
  {
    Grant: fc.constantFrom('user-files', 'shared'),
    Target: fc.constantFrom(
      'oss://app-media/users/a/',
      'oss://app-media/users/a/b.txt',
      'oss://app-media/users/a/b c+d%.txt',
      'oss://app-media/users/ab/',
      'oss://app-media/shared/',
    ),
    Permissions: fc.subarray(['read', 'write', 'list', 'delete'], { minLength: 1 }),
    DurationSeconds: fc.constantFrom(900, 1800, 3601),
  },
  { requiredKeys: [] },
);

/** Of the audit line. */
const SAME_FACTS = [
  'decision',
  'subject',
  'grant',
  'targets',
  'durationSeconds',
  'sessionPolicySha256',
  'roleSessionName',
];

const tokens = fc.record({
  sub: fc.constantFrom('a', 'ab', 'a/b', '..'),
  plan: fc.constantFrom('pro', 'free'),
  isForged: fc.boolean(),
});

describe('threat 45: one way in that grants what another refuses', () => {
  it('a GET and a POST get the same decision for the same token and request', async () => {
    await fc.assert(
      fc.asyncProperty(tokens, requests, async ({ isForged, ...claims }, members) => {
        // a comma in the query separates permissions
        fc.pre(!(members.Permissions ?? []).some((name) => name.includes(',')));
        const token = `${await broker.issuer.token(claims)}${isForged ? 'A' : ''}`;
        const query = new URLSearchParams(
          Object.entries(members).map(([name, value]): [string, string] => [name, String(value)]),
        );
        const byGet = await broker.ask({
          token,
          method: 'GET',
          path: query.size === 0 ? '/v1/credentials' : `/v1/credentials?${query}`,
        });
        const byPost = await broker.ask({ token, body: members });
        const decision = ({ status, body }: typeof byGet) => ({
          status,
          code: body['code'],
          grant: body['Grant'],
        });

        expect(decision(byGet)).toEqual(decision(byPost));
      }),
      { numRuns: 300 },
    );
  });

  it('a token exchange and a POST get the same decision for the same token and request', async () => {
    const anyRequests = fc.oneof({ weight: 2, arbitrary: wellFormed }, requests);
    const reasons = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(tokens, anyRequests, async ({ isForged, ...claims }, members) => {
        // a blank in the scope separates permissions
        fc.pre(!(members.Permissions ?? []).some((name) => name.includes(' ')));
        const token = `${await broker.issuer.token(claims)}${isForged ? 'A' : ''}`;
        const native = await broker.ask({ token, body: members });
        const exchanged = await throughTokenExchange(broker).ask({ token, body: members });
        const [nativeLine, exchangedLine] = broker.auditLines().slice(-2);

        expect(exchanged.body['Grant']).toEqual(native.body['Grant']);
        expect(exchanged.status === 200).toBe(native.status === 200);
        expect(exchangedLine).toMatchObject({ surface: 'token_exchange' });
        for (const name of [...SAME_FACTS, 'reason']) {
          expect(exchangedLine?.[name]).toEqual(nativeLine?.[name]);
        }
        reasons.add(nativeLine?.['reason']);
      }),
      { numRuns: 300 },
    );

    // undefined is the reason of a granted request
    expect([...reasons]).toEqual(
      expect.arrayContaining([
        undefined,
        'request_malformed',
        'target_outside_grant',
        'duration_outside_grant',
      ]),
    );
  });

  it('the API of STS and a POST get the same decision for the same token and request', async () => {
    const anyRequests = fc.oneof({ weight: 2, arbitrary: wellFormed }, requests);
    const reasons = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(tokens, anyRequests, async ({ isForged, ...claims }, asked) => {
        const { Target: _target, Permissions: _permissions, ...others } = asked;
        // STS has a default of its own
        const members = { DurationSeconds: 900, ...others };
        const token = `${await broker.issuer.token(claims)}${isForged ? 'A' : ''}`;
        const native = await broker.ask({ token, body: members });
        const asSts = await throughSts(broker).ask({ token, body: members });
        const [nativeLine, stsLine] = broker.auditLines().slice(-2);

        expect(asSts.status === 200).toBe(native.status === 200);
        expect(stsLine).toMatchObject({ surface: 'sts' });
        for (const name of SAME_FACTS) expect(stsLine?.[name]).toEqual(nativeLine?.[name]);
        // a role always names a grant, and has a grammar
        const reasonsHere = new Map<unknown, readonly unknown[]>([
          ['no_grant_fits', ['grant_not_available']],
          ['grant_not_available', ['grant_not_available', 'request_malformed']],
        ]);
        const reason = nativeLine?.['reason'];
        expect(reasonsHere.get(reason) ?? [reason]).toContain(stsLine?.['reason']);
        reasons.add(reason);
      }),
      { numRuns: 300 },
    );

    expect([...reasons]).toEqual(
      expect.arrayContaining([
        undefined,
        'request_malformed',
        'grant_not_available',
        'ambiguous_grant',
        'duration_outside_grant',
        'signature_invalid',
      ]),
    );
  });

  it('a policy sent to the API of STS gets what the same target and permissions get', async () => {
    const seen = { granted: 0, refused: 0 };
    const isGranted = ({ status }: { readonly status: number }) => status === 200;
    await fc.assert(
      fc.asyncProperty(tokens, wellFormed, async ({ isForged, ...claims }, asked) => {
        fc.pre(!isForged);
        const { Target: target, Permissions: permissions } = asked;
        fc.pre(target?.includes('%') !== true);
        const members = { Grant: 'user-files', DurationSeconds: 900, ...asked };
        const token = await broker.issuer.token(claims);
        const { Grant, DurationSeconds } = members;
        const whole = await broker.ask({ token, body: { Grant, DurationSeconds } });
        const native = await broker.ask({ token, body: members });
        const asSts = await throughSts(broker).ask({
          token,
          body: { Grant, DurationSeconds, Policy: policyOf(target, permissions) },
        });
        const [wholeLine, nativeLine, stsLine] = broker.auditLines().slice(-3);

        // STS takes a policy that reaches beyond the role, and gives what is within
        if (isGranted(native)) {
          for (const name of SAME_FACTS.filter((fact) => fact !== 'targets')) {
            expect(stsLine?.[name]).toEqual(nativeLine?.[name]);
          }
        } else if (isGranted(asSts)) {
          expect(isGranted(whole)).toBe(true);
          expect(nativeLine?.['reason']).toBe('permission_outside_grant');
          expect(stsLine?.['grant']).toBe(wholeLine?.['grant']);
        }
        seen[isGranted(asSts) ? 'granted' : 'refused'] += 1;
      }),
      { numRuns: 300 },
    );

    expect(seen.granted).toBeGreaterThan(20);
    expect(seen.refused).toBeGreaterThan(20);
  });
});
