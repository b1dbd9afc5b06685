/** The walk of an on-call operator: from the request id that a caller reports to the cause of the refusal. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toObject } from '../support/declared.ts';
import { documentedReasons } from './audit-schema.ts';
import { everyCallerConfig, toList } from './configs.ts';
import { blockWith, PAGES } from './pages.ts';
import { missingPrograms, runShell } from './shell.ts';
import { startWorld, type World } from './world.ts';

const STEP = blockWith('docs/operations.md', 'sh', '$REQUEST_ID');

/** All that a caller is told: the same for every cause of its code. */
const PUBLIC_MEMBERS = ['code', 'detail', 'requestId', 'status', 'title', 'type'];

let world: World;

beforeAll(async () => {
  const config = everyCallerConfig();
  const grants = toList(config['grants']).map((grant) => ({
    ...toObject(grant),
    ...(toObject(grant)['name'] === 'team-files' ? { when: [{ claim: 'seats', equals: 5 }] } : {}),
  }));
  world = await startWorld({ config: { ...config, grants, sts: { timeout: '1s' } } });
});

afterAll(() => world.close());

interface Incident {
  readonly told: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly options?: Parameters<World['broker']['ask']>[0];
  readonly before?: () => void;
  readonly reason: string;
  /** What the operator must read in `why`. */
  readonly cause: object;
}

const INCIDENTS: readonly Incident[] = [
  {
    told: 'the issuer was configured without its slash',
    claims: { iss: 'SLASHED' },
    reason: 'issuer_untrusted',
    cause: { hint: 'differs from issuer "app" by a trailing slash alone' },
  },
  {
    told: 'the app asks for a token of another audience',
    claims: { aud: 'https://api.example.com' },
    reason: 'audience_mismatch',
    cause: { aud: 'https://api.example.com' },
  },
  {
    told: 'the issuer writes a number as text',
    claims: { seats: '5' },
    options: { body: { Grant: 'team-files' } },
    reason: 'grant_not_available',
    cause: {
      misfits: [
        {
          grant: 'team-files',
          why: 'condition equals on claim "seats" does not hold: it needs a number, and the claim is a string',
        },
      ],
    },
  },
  {
    told: 'the app mistypes a member',
    options: { body: { target: 'oss://app-media/users/42/' } },
    reason: 'request_malformed',
    cause: { problem: 'the request has an unknown member', member: 'target' },
  },
  {
    told: 'a new page was not listed',
    options: {
      method: 'OPTIONS',
      headers: { Origin: 'https://new.example.com', 'Access-Control-Request-Method': 'POST' },
    },
    reason: 'origin_not_allowed',
    cause: { origin: 'https://new.example.com' },
  },
  {
    told: 'STS throttles',
    claims: { sub: '7' },
    options: { body: { Grant: 'user-files' } },
    before: () => void world.broker.simulator.sts.faults.set({ kind: 'throttling' }),
    reason: 'sts_throttled',
    cause: { retryAfterSeconds: 1 },
  },
];

describe.skipIf(missingPrograms(STEP.text).length > 0)('a caller reports a request id, and', () => {
  it.each(INCIDENTS)('$told: the operator reads it in the audit line', async (incident) => {
    const { claims = {}, options = {}, before, reason, cause } = incident;
    const iss = claims['iss'] === 'SLASHED' ? { iss: `${world.broker.issuer.url}/` } : {};
    const token = await world.token('app', { ...claims, ...iss });
    before?.();
    const { headers, status, body } = await world.broker.ask({ token, ...options });
    world.broker.simulator.sts.faults.set(undefined);
    const id = headers.get('x-request-id') ?? '';
    const { stdout, stderr } = await runShell(STEP.text, {
      files: { 'audit.log': world.broker.log.text },
      environment: { REQUEST_ID: id },
    });
    const found = toObject(JSON.parse(stdout));

    expect(status).toBeGreaterThanOrEqual(400);
    expect(body['requestId']).toBe(id);
    expect(stderr).toBe('');
    expect(found).toMatchObject({ reason, why: cause });
    for (const member of Object.keys(cause)) {
      expect(documentedReasons().get(reason)).toContain(member);
    }
    // the caller is not told the cause
    expect(Object.keys(body).sort()).toEqual(PUBLIC_MEMBERS);
  });

  it('the page leads from the id to the reasons', () => {
    const { links = [], headings = [] } =
      PAGES.find(({ path }) => path === 'docs/operations.md') ?? {};

    expect(links).toContain('#reasons');
    expect(headings.map(({ title }) => title)).toEqual(
      expect.arrayContaining(['From a request id to its cause', 'Reasons', 'Ask the audit log']),
    );
  });
});
