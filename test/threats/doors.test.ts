import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { throughContainer, throughWebIdentity } from '../support/aws.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { TICKET_ENVIRONMENT, throughCredentialUrl, URLS_ON } from '../support/credential-urls.ts';
import { fc } from '../support/seeded.ts';
import { policyOf, throughSts } from '../support/sts-door.ts';
import { throughTokenExchange } from '../support/token-exchange.ts';

const CONFIG = `${SIMPLE_CONFIG}  - name: shared
    issuer: app
    when: [{ claim: plan, equals: pro }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/shared/", permissions: [read, list] }]
    restrict: { https: false }
${URLS_ON}limits: { assumeRole: { requests: 100000, window: 1m } }
`;

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: CONFIG, environment: TICKET_ENVIRONMENT });
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

type Token = typeof tokens extends fc.Arbitrary<infer Value> ? Value : never;
type Asked = typeof requests extends fc.Arbitrary<infer Value> ? Value : never;

const pro: Token = { sub: 'a', plan: 'pro', isForged: false };
const free: Token = { ...pro, plan: 'free' };

/** Asked in every run, so that each of these decisions is compared whatever else is generated. */
const EXAMPLES: [Token, Asked][] = [
  [free, { Grant: 'user-files' }],
  [free, { Unknown: 'x' }],
  [free, { Grant: 'shared' }],
  [free, { Grant: 'user-files', Target: 'oss://app-media/users/ab/' }],
  [free, { Grant: 'user-files', DurationSeconds: 3601 }],
  [pro, {}],
  [{ ...pro, isForged: true }, { Grant: 'user-files' }],
];

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

  it.each(['%ff', '%ed%a0%80', '%c3%28'])(
    'a query with the escape %s, which is no UTF-8, is refused, and not read as another key',
    async (octets) => {
      const Target = `oss://app-media/users/user-1/${octets}`;
      const headers = { Authorization: `Bearer ${await broker.issuer.token()}` };
      const stsCalls = broker.stsCalls();
      for (const path of ['/v1/credentials', '/v1/aws-credentials']) {
        const answer = await broker.ask({
          method: 'GET',
          path: `${path}?Grant=user-files&Target=${Target}`,
          headers,
        });
        const good = await broker.ask({
          method: 'GET',
          path: `${path}?Grant=user-files&Target=oss://app-media/users/user-1/%c3%a9`,
          headers,
        });

        expect([answer.status, good.status]).toEqual([400, 200]);
        expect(broker.auditLines().at(-2)).toMatchObject({ reason: 'request_malformed' });
      }
      expect(broker.stsCalls() - stsCalls).toBeLessThanOrEqual(1);
    },
  );

  it.each([
    ['a token exchange', throughTokenExchange, 'token_exchange'],
    ['a credential URL', throughCredentialUrl, 'credential_urls'],
  ] as const)(
    '%s and a POST get the same decision for the same token and request',
    async (_door, through, surface) => {
      const anyRequests = fc.oneof({ weight: 2, arbitrary: wellFormed }, requests);
      const reasons = new Set<unknown>();
      await fc.assert(
        fc.asyncProperty(tokens, anyRequests, async ({ isForged, ...claims }, members) => {
          // a blank in the scope separates permissions
          fc.pre(!(members.Permissions ?? []).some((name) => name.includes(' ')));
          const token = `${await broker.issuer.token(claims)}${isForged ? 'A' : ''}`;
          const native = await broker.ask({ token, body: members });
          const nativeLine = broker.auditLines().at(-1);
          const other = await through(broker).ask({ token, body: members });
          const otherLine = broker.auditLines().at(-1);

          expect(other.body['Grant']).toEqual(native.body['Grant']);
          expect(other.status === 200).toBe(native.status === 200);
          expect(otherLine).toMatchObject({ surface });
          for (const name of [...SAME_FACTS, 'reason']) {
            expect(otherLine?.[name]).toEqual(nativeLine?.[name]);
          }
          reasons.add(nativeLine?.['reason']);
        }),
        { numRuns: 300, examples: EXAMPLES },
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
    },
  );

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
      { numRuns: 300, examples: EXAMPLES },
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

  it('container credentials and a POST get the same decision for the same token and request', async () => {
    const anyRequests = fc.oneof({ weight: 4, arbitrary: wellFormed }, requests);
    const reasons = await compareDoors(throughContainer(broker), anyRequests);

    expect(reasons).toEqual(
      expect.arrayContaining([
        undefined,
        'request_malformed',
        'target_outside_grant',
        'duration_outside_grant',
      ]),
    );
  });

  it('AssumeRoleWithWebIdentity and a POST get the same decision for the same token and request', async () => {
    // a role ARN names the grant, so an empty name is a grant that does not exist
    const names = ['user-files', 'shared', 'USER-FILES', 'a/b'];
    const ask = (Grant: readonly string[], DurationSeconds: readonly number[]) => ({
      Grant: fc.constantFrom(...Grant),
      DurationSeconds: fc.constantFrom(...DurationSeconds),
    });
    const roleRequests = fc.oneof(
      fc.record(ask(['user-files', 'shared'], [900, 3601]), { requiredKeys: ['DurationSeconds'] }),
      fc.record(
        { ...ask(names, [900, 1800, 3600, 3601, 899, 0]), Unknown: fc.constant('x') },
        { requiredKeys: [] },
      ),
    );
    const reasons = await compareDoors(throughWebIdentity(broker), roleRequests);

    expect(reasons).toEqual(
      expect.arrayContaining([
        undefined,
        'request_malformed',
        'grant_not_available',
        'duration_outside_grant',
        'signature_invalid',
      ]),
    );
  });

  /** Asks the native API and a door of AWS for the same. Returns the reasons that were seen. */
  async function compareDoors(
    door: TestBroker,
    asked: fc.Arbitrary<{ readonly Grant?: string; readonly Permissions?: readonly string[] }>,
  ): Promise<readonly unknown[]> {
    const reasons = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(tokens, asked, async ({ isForged, ...claims }, members) => {
        // a comma in the query separates permissions
        fc.pre(!(members.Permissions ?? []).some((name) => name.includes(',')));
        const token = `${await broker.issuer.token(claims)}${isForged ? 'A' : ''}`;
        const native = await broker.ask({ token, body: members });
        const answer = await door.ask({ token, body: members });
        const [nativeLine, awsLine] = broker.auditLines().slice(-2);

        expect(answer.status === 200).toBe(native.status === 200);
        expect(awsLine).toMatchObject({ surface: 'aws' });
        for (const name of [...SAME_FACTS, 'reason']) {
          expect(awsLine?.[name]).toEqual(nativeLine?.[name]);
        }
        reasons.add(nativeLine?.['reason']);
      }),
      { numRuns: 300 },
    );
    return [...reasons];
  }
});
