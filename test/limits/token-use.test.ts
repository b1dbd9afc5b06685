import { describe, expect, it } from 'vitest';
import type { TrustedIssuer } from '../../src/config/config.ts';
import { createOneTimeTokens } from '../../src/limits/one-time-tokens.ts';
import { createTicketUses } from '../../src/limits/ticket-uses.ts';
import type { SubjectToken } from '../../src/ports.ts';
import { type Reservation, type Reservations, StoreUnavailable } from '../../src/store/store.ts';

const NOW_SECONDS = 1_800_000_000;

const ISSUER: TrustedIssuer = {
  name: 'app',
  issuer: 'https://login.example.com',
  audiences: ['oss-token-broker'],
  keys: { kind: 'discovery' },
  algorithms: ['ES256'],
  types: ['jwt'],
  maxTokenAgeSeconds: 86_400,
  clockToleranceSeconds: 30,
  attributes: [],
};

/** Records the reservations that are made and released. */
function arrange(overrides: Partial<Reservations> = {}) {
  const reserved: Reservation[] = [];
  const released: Reservation[] = [];
  let uuids = 0;
  const options = {
    reservations: {
      reserve: async (reservation: Reservation) => reserved.push(reservation) > 0,
      release: async (reservation: Reservation) => void released.push(reservation),
      ...overrides,
    },
    now: () => NOW_SECONDS * 1000,
    randomUuid: () => `uuid-${++uuids}`,
  };
  const useOnce = createOneTimeTokens(options);
  const useTicket = createTicketUses(options);
  return { reserved, released, useOnce, useTicket };
}

function tokenOf(facts: Partial<SubjectToken>, maxTokenAgeSeconds = 86_400): SubjectToken {
  return {
    issuer: { ...ISSUER, maxTokenAgeSeconds },
    claims: {},
    subject: 'user-1',
    tokenId: 'a',
    issuedAt: NOW_SECONDS,
    expiresAt: NOW_SECONDS + 600,
    ...facts,
  };
}

describe('the reservation of a one-time token', () => {
  // 60 s of clock tolerance, the most that a reload can set, and 60 s for the clocks of other instances
  it.each([
    ['until the token has expired', tokenOf({}), 720],
    [
      'for the rest of the life of the token',
      tokenOf({ issuedAt: NOW_SECONDS - 500, expiresAt: NOW_SECONDS + 100 }),
      220,
    ],
    ['for a token within the clock tolerance', tokenOf({ expiresAt: NOW_SECONDS - 20 }), 100],
    [
      'until the token has expired, though it will be too old before',
      tokenOf({ expiresAt: NOW_SECONDS + 90_000 }, 3600),
      90_120,
    ],
    [
      'until no config could accept the token',
      tokenOf({ expiresAt: NOW_SECONDS + 9_000_000 }),
      2_592_120,
    ],
    ['for at least one second', tokenOf({ expiresAt: NOW_SECONDS - 120 }), 1],
  ])('lasts %s', async (_what, token, lifeSeconds) => {
    const { reserved, useOnce } = arrange();
    await useOnce(token);

    expect(reserved).toMatchObject([{ lifeMs: lifeSeconds * 1000 }]);
  });

  it('has a new owner for each request, and a request releases only its own', async () => {
    const { reserved, released, useOnce } = arrange();
    await useOnce(tokenOf({}));
    const use = await useOnce(tokenOf({}));
    await use.undo();

    expect(reserved.map(({ owner }) => owner)).toEqual(['uuid-1', 'uuid-2']);
    expect(reserved[0]?.key).toBe(reserved[1]?.key);
    expect(released).toEqual([reserved[1]]);
  });

  it('has a stable key, so that an update of the broker frees no used token', async () => {
    const { reserved, useOnce } = arrange();
    await useOnce(tokenOf({}));

    expect(reserved[0]?.key).toBe('G-FPIlTrW7_D8wbhvAUZIjtU9pM0GgupTmeAaaPnZ2w');
  });

  it('counts for its issuer and subject, whichever token it is', async () => {
    const { reserved, useOnce } = arrange();
    const elsewhere = { ...ISSUER, issuer: 'https://id.example.com' };
    await useOnce(tokenOf({}));
    await useOnce(tokenOf({ tokenId: 'b' }));
    await useOnce(tokenOf({ subject: 'user-2' }));
    await useOnce(tokenOf({ issuer: elsewhere }));
    const [first, ofSameSubject, ...others] = reserved.map(({ subject }) => subject);

    expect(ofSameSubject).toBe(first);
    expect(new Set([first, ...others]).size).toBe(3);
    expect(reserved.map(({ key }) => key)).not.toContain(first);
  });

  it('is refused for a token without a jti', async () => {
    const { reserved, useOnce } = arrange();
    const { tokenId: _, ...token } = tokenOf({});

    await expect(useOnce(token)).rejects.toMatchObject({
      refusal: {
        reason: 'claim_invalid',
        claim: 'jti',
        problem: 'is missing, but oneTimeTokens requires it',
      },
    });
    expect(reserved).toEqual([]);
  });

  it.each([
    ['after a full number of seconds', 1500, 2],
    ['after at least one second', 0, 1],
    ['as late as the store says', 30_000, 30],
  ])(
    'is refused while the store does not answer, with a retry %s',
    async (_what, retryAfterMs, retryAfterSeconds) => {
      const { useOnce } = arrange({
        reserve: () => Promise.reject(new StoreUnavailable('no connection', retryAfterMs)),
      });

      await expect(useOnce(tokenOf({}))).rejects.toMatchObject({
        refusal: {
          reason: 'replay_store_unavailable',
          problem: 'no connection',
          retryAfterSeconds,
        },
      });
    },
  );

  it('passes on a defect of the store unchanged', async () => {
    const defect = new TypeError('a defect');
    const { useOnce } = arrange({ reserve: () => Promise.reject(defect) });

    await expect(useOnce(tokenOf({}))).rejects.toBe(defect);
  });
});

describe('the reservation of a use of a credential URL', () => {
  const ticket = { id: 'one', uses: 3, expiresAt: NOW_SECONDS + 500 };

  it('lasts until no instance takes the URL, and counts for the subject', async () => {
    const { reserved, released, useOnce, useTicket } = arrange();
    await useOnce(tokenOf({}));
    const use = await useTicket(tokenOf({ ticket }));
    await use?.undo();

    expect(reserved[1]).toMatchObject({ holders: 3, lifeMs: 560_000, owner: 'uuid-2' });
    expect(reserved[1]?.subject).toBe(reserved[0]?.subject);
    expect(released).toEqual([reserved[1]]);
  });

  it('has the key of the URL, which no token has', async () => {
    const { reserved, useOnce, useTicket } = arrange();
    await useTicket(tokenOf({ ticket }));
    await useTicket(tokenOf({ ticket: { ...ticket, id: 'two' } }));
    await useTicket(tokenOf({ ticket, subject: 'user-2' }));
    await useOnce(tokenOf({ tokenId: 'one' }));
    const [one, two, again, ofToken] = reserved.map(({ key }) => key);

    expect(again).toBe(one);
    expect(new Set([one, two, ofToken]).size).toBe(3);
  });

  it('is not made for a URL that gives any number of credentials', async () => {
    const { reserved, useTicket } = arrange();
    const { uses: _, ...unlimited } = ticket;

    expect(await useTicket(tokenOf({ ticket: unlimited }))).toBeUndefined();
    expect(await useTicket(tokenOf({}))).toBeUndefined();
    expect(reserved).toEqual([]);
  });
});
