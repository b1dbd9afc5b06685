import { describe, expect, it } from 'vitest';
import type { TrustedIssuer } from '../../src/config/config.ts';
import { createOneTimeTokens } from '../../src/limits/one-time-tokens.ts';
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
  const useOnce = createOneTimeTokens({
    reservations: {
      reserve: async (reservation) => reserved.push(reservation) > 0,
      release: async (reservation) => void released.push(reservation),
      ...overrides,
    },
    now: () => NOW_SECONDS * 1000,
    randomUuid: () => `uuid-${++uuids}`,
  });
  return { reserved, released, useOnce };
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
  // 60 s of clock tolerance at most, and 60 s for the clocks of other instances
  it.each([
    ['until the token has expired', tokenOf({}), 720],
    [
      'for the rest of the life of the token',
      tokenOf({ issuedAt: NOW_SECONDS - 500, expiresAt: NOW_SECONDS + 100 }),
      220,
    ],
    ['for a token within the clock tolerance', tokenOf({ expiresAt: NOW_SECONDS - 20 }), 100],
    [
      'until the token has expired, even if it is too old before that',
      tokenOf({ expiresAt: NOW_SECONDS + 9000 }, 3600),
      9120,
    ],
    [
      'until no config accepts a token of that age',
      tokenOf({ issuedAt: NOW_SECONDS - 120, expiresAt: 253_402_300_799 }, 3600),
      30 * 86_400,
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
