/** A credential URL never gives more than the native API would. */
import { describe, expect, it } from 'vitest';
import type { Answer } from '../support/broker.ts';
import { makeUrl, pathOf, useUrl } from '../support/credential-urls.ts';
import { memberAt, toObject } from '../support/declared.ts';
import { fc } from '../support/seeded.ts';
import {
  type ChangeConfig,
  CONFIG,
  denied,
  replace,
  secondsAgo,
  startTicketBroker,
  ticketBrokerOfFile,
} from '../support/ticket-brokers.ts';

const tickets = ticketBrokerOfFile();

describe('threat 47: a credential URL that leaks', () => {
  it('never gives more than the native API for the same identity and narrowing', async () => {
    const changes: readonly ChangeConfig[] = [
      replace('permissions: [read, write, list, delete]', 'permissions: [read, list]'),
      replace('when: [{ claim: plan, equals: pro }]', 'when: [{ claim: plan, equals: team }]'),
      replace('default: 15m, max: 1h', 'default: 15m, max: 20m, strict: true'),
      denied('subjects: [a]'),
      replace('users/{user}/', 'users/{user}/files/'),
    ];
    const others = await Promise.all(
      changes.map((change) =>
        startTicketBroker({ config: change(CONFIG), issuer: tickets.broker.issuer }),
      ),
    );
    const brokers = [tickets.broker, ...others];
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(identities, narrowings, fc.nat(changes.length), async (claims, body, at) => {
        const token = await tickets.broker.issuer.token({
          ...claims,
          exp: secondsAgo(-claims.left),
        });
        const made = await makeUrl(tickets.broker, { token, body });
        const atFirst = await tickets.broker.ask({ token, body });
        expect(made.status === 200).toBe(atFirst.status === 200);
        if (made.status !== 200) return;
        const changed = brokers[at] ?? tickets.broker;
        const used = await useUrl(changed, pathOf(made));
        const native = await changed.ask({ token, body });

        outcomes.add(`${used.status} ${native.status}`);
        if (used.status !== 200) return;
        expect(native.status).toBe(200);
        expect(targetsOf(used)).toEqual(targetsOf(native));
        expect(targetsOf(used)).toEqual(targetsOf(made));
        const [usedLine, nativeLine] = changed.auditLines().slice(-2);
        expect(usedLine?.['sessionPolicySha256']).toBe(nativeLine?.['sessionPolicySha256']);
        expect(usedLine?.['roleSessionName']).toBe(nativeLine?.['roleSessionName']);
        // a second may pass between the two
        expect(Number(usedLine?.['durationSeconds'])).toBeLessThanOrEqual(
          Number(nativeLine?.['durationSeconds']) + 1,
        );
      }),
      { numRuns: 200, examples: EXAMPLES },
    );
    await Promise.all(others.map((other) => other.close()));

    expect([...outcomes]).toEqual(expect.arrayContaining(['200 200', '401 200', '403 403']));
  });
});

const identities = fc.record({
  sub: fc.constantFrom('a', 'ab', 'a/b'),
  plan: fc.constantFrom('pro', 'free'),
  left: fc.constantFrom(60, 1000, 5000),
});

type Identity = typeof identities extends fc.Arbitrary<infer Value> ? Value : never;

const narrowings = fc.record(
  {
    Grant: fc.constantFrom('user-files', 'shared'),
    Target: fc.constantFrom(
      'oss://app-media/users/a/',
      'oss://app-media/users/a/files/',
      'oss://app-media/users/a/files/b c%.txt',
      'oss://app-media/users/ab/',
      'oss://app-media/shared/',
    ),
    Permissions: fc.subarray(['read', 'write', 'list', 'delete'], { minLength: 1 }),
    DurationSeconds: fc.constantFrom(900, 1300, 3600),
  },
  { requiredKeys: [] },
);

type Narrowing = typeof narrowings extends fc.Arbitrary<infer Value> ? Value : never;

/** Compared in every run: nothing changed, and then the permissions, and then who has the grant. */
const EXAMPLES = [0, 1, 2].map((at): [Identity, Narrowing, number] => [
  { sub: 'a', plan: 'pro', left: 5000 },
  { Grant: at === 2 ? 'shared' : 'user-files' },
  at,
]);

/** Without endpoints, which each simulator has of its own. */
function targetsOf({ body }: Answer): readonly unknown[] {
  return toList(memberAt(body, ['Grant', 'Targets']))
    .map(toObject)
    .map(({ Target, Permissions }) => [Target, Permissions]);
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
