import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, startTestBroker, type TestBroker } from '../support/broker.ts';

const TENANTS = ['a', 'a:b', 'a|b', '1:a', 'a1:b', 'a/b'] as const;
const issuerOf = (tenant: string) => `https://login.example.com/${tenant}`;

const issuers = (more: string) =>
  TENANTS.map(
    (tenant, index) => `  - name: tenant-${index}
    issuer: "${issuerOf(tenant)}"
    audiences: [oss-token-broker]
    jwksUri: "{{issuer}}/jwks.json"
${more}`,
  ).join('');

/** All grants allow the same, so only the caller distinguishes two requests. */
const grants = TENANTS.flatMap((_tenant, index) =>
  ['g', 'g1', '1-g'].map(
    (grant) => `  - name: ${grant}-${index}
    issuer: tenant-${index}
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/shared/", permissions: [read] }]
`,
  ),
).join('');

const config = (more = '') => `
region: cn-hangzhou
sts: { endpoint: "{{sts}}" }
buckets: { app-media: { region: cn-hangzhou, endpoint: "{{oss}}" } }
issuers:
${issuers(more)}
grants:
${grants}
limits:
  subject: { requests: 100, window: 1h }
`;

interface Caller {
  readonly tenant: (typeof TENANTS)[number];
  readonly subject: string;
}

const of = (tenant: Caller['tenant'], ...subjects: readonly string[]): readonly Caller[] =>
  subjects.map((subject) => ({ tenant, subject }));

/** Groups of callers that some way of joining or comparing issuer and subject would confuse. */
const LOOKALIKES: readonly (readonly [string, readonly Caller[]])[] = [
  ['joined with a colon', [...of('a', 'b:c'), ...of('a:b', 'c')]],
  ['joined with a bar', [...of('a', 'b|c'), ...of('a|b', 'c')]],
  ['joined as a path', [...of('a', 'b/c'), ...of('a/b', 'c')]],
  [
    'joined with length prefixes',
    [...of('a', '1:c', '1:b1:c', 'b1:c'), ...of('1:a', 'c'), ...of('a1:b', 'c')],
  ],
  ['of different issuers', TENANTS.flatMap((tenant) => of(tenant, 'user-1'))],
  ['that end like a grant name', of('a', 'c', 'cg', 'c:g', 'c3:g-0', 'c1:g', 'c|g-0')],
  ['with composed and decomposed characters', of('a', '\u00e9', 'e\u0301', 'e')],
  ['with composed and decomposed Hangul', of('a', '\uac00', '\u1100\u1161')],
  ['with compatibility characters', of('a', 'fi', '\ufb01', '\uff46\uff49')],
  ['with another code point for the same letter', of('a', '\u00c5', '\u212b', 'A\u030a')],
  ['in different cases', of('a', 'User', 'user', 'USER', 'u\u017fer', 'uſer'.toUpperCase())],
  ['with letters that look alike', of('a', 'admin', '\u0430dmin', 'adm\u0131n')],
  ['with invisible characters', of('a', 'x', 'x ', ' x', 'x\u200b', 'x\u0000', 'x\n', 'x\u00ad')],
  [
    'with characters that a role session name cannot hold',
    of('a', 'x_y', 'x y', 'x/y', 'x:y', 'x+y'),
  ],
  [
    'that differ after the part that a role session name holds',
    of('a', `${'x'.repeat(30)}1`, `${'x'.repeat(30)}2`),
  ],
  ['that are equal as numbers', of('a', '1', '01', '1.0', '1e0')],
];

describe('threat 26: confused callers', () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker({ config: config() });
  });
  afterAll(() => broker.close());

  const ask = ({ tenant, subject }: Caller, grant = 'g'): Promise<Answer> =>
    broker.ask({
      claims: { iss: issuerOf(tenant), sub: subject },
      body: { Grant: `${grant}-${TENANTS.indexOf(tenant)}` },
    });
  const left = ({ headers }: Answer) =>
    /"subject";r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1];

  it.each(LOOKALIKES)('%s each have their own credential and count', async (_what, callers) => {
    const distinct = [...new Map(callers.map((one) => [JSON.stringify(one), one])).values()];
    // other rows of this table may have used up requests already, so only the difference counts
    const before = await Promise.all(distinct.map((caller) => ask(caller)));
    const after = [];
    for (const caller of distinct) after.push(await ask(caller));

    expect(after.map(({ status }) => status)).toEqual(distinct.map(() => 200));
    const ids = after.map(({ body }) => body['AccessKeyId']);
    expect(new Set(ids).size).toBe(distinct.length);
    expect(ids).toEqual(before.map(({ body }) => body['AccessKeyId']));
    expect(after.map((answer) => Number(left(answer)))).toEqual(
      before.map((answer) => Number(left(answer)) - 1),
    );
    // the names under which STS and ActionTrail show them
    const names = broker
      .auditLines()
      .slice(-distinct.length)
      .map((line) => line['roleSessionName']);
    expect(new Set(names).size).toBe(distinct.length);
  });

  it('one caller has one credential per grant, and one count for all grants', async () => {
    const caller = { tenant: 'a', subject: 'all-grants' } as const;
    const answers = [];
    for (const grant of ['g', 'g1', '1-g']) answers.push(await ask(caller, grant));

    expect(new Set(answers.map(({ body }) => body['AccessKeyId'])).size).toBe(3);
    expect(answers.map(left)).toEqual(['99', '98', '97']);
  });

  it('a subject with a lone surrogate is refused, since UTF-8 cannot represent it', async () => {
    for (const subject of ['x\ud800', 'x\udfff']) {
      expect((await ask({ tenant: 'a', subject })).status).toBe(401);
    }
    expect((await ask({ tenant: 'a', subject: 'x\u{1f600}' })).status).toBe(200);
  });
});

describe('threat 26: confused one-time tokens', () => {
  it('each token is accepted once, even if the joined issuer and ID look alike', async () => {
    const broker = await startTestBroker({ config: config('    oneTimeTokens: true\n') });
    const tokens = [
      { iss: issuerOf('a'), jti: 'b:c' },
      { iss: issuerOf('a:b'), jti: 'c' },
      { iss: issuerOf('a'), jti: '1:c' },
      { iss: issuerOf('1:a'), jti: 'c' },
      { iss: issuerOf('a'), jti: '\u00e9' },
      { iss: issuerOf('a'), jti: 'e\u0301' },
      { iss: issuerOf('a'), jti: 'user-1' },
    ];
    const askAll = () =>
      Promise.all(
        tokens.map(async (claims) => {
          const Grant = `g-${TENANTS.findIndex((tenant) => issuerOf(tenant) === claims.iss)}`;
          return (await broker.ask({ claims, body: { Grant } })).status;
        }),
      );

    expect(await askAll()).toEqual(tokens.map(() => 200));
    expect(new Set(await askAll())).toEqual(new Set([401]));
    await broker.close();
  });
});
