import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { createLimits } from '../../src/limits/limits.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { makeGrant, makeIssuer, makeToken } from '../support/config.ts';

type LimitedConfig = Pick<Config, 'issuers' | 'grants' | 'limits'>;

const RATE = { requests: 1, windowSeconds: 60 };
const ISSUER = makeIssuer();
const ONE_TIME = makeIssuer({
  name: 'one-time',
  issuer: 'https://other.example.com/',
  oneTimeTokens: true,
});

/** Limits on a store in memory that counts how often it was warmed. */
function arrange(config: Partial<LimitedConfig>) {
  const now = () => 1_800_000_000_000;
  const warmings: string[] = [];
  const limits = createLimits({
    config: { issuers: [ISSUER], grants: [makeGrant()], ...config },
    store: { ...createMemoryStore({ now }), warm: async () => void warmings.push('warm') },
    now,
    randomUuid: () => 'an-owner',
  });
  return {
    ...limits,
    timesWarmed: () => warmings.length,
    admitCaller: (token = makeToken()) => limits.admitCaller(token, '203.0.113.7'),
    admit: (token = makeToken()) => limits.admit(token, makeGrant()),
  };
}

describe('the limits', () => {
  it('warm the store, since every config limits AssumeRole', async () => {
    const { warm, timesWarmed } = arrange({});
    await warm();

    expect(timesWarmed()).toBe(1);
  });

  it('report the state of each limit of the caller by name', async () => {
    const { admitCaller } = arrange({ limits: { subject: RATE, address: RATE, issuer: RATE } });

    expect(await admitCaller()).toMatchObject([
      { scope: 'subject', limit: 1, remaining: 0 },
      { scope: 'address', limit: 1, remaining: 0 },
    ]);
  });

  it('count the requests of each issuer separately', async () => {
    const { admit } = arrange({ limits: { issuer: RATE } });
    await admit(makeToken({ subject: 'a' }));

    await expect(admit(makeToken({ subject: 'b' }))).rejects.toMatchObject({
      refusal: { reason: 'rate_limited', scope: 'issuer' },
    });
    const other = makeIssuer({ name: 'other', issuer: 'https://other.example.com/' });
    await expect(admit(makeToken({ subject: 'b', issuer: other }))).resolves.toBeDefined();
  });

  it('release the use of a one-time token, and release nothing for other tokens', async () => {
    const { admit } = arrange({ issuers: [ISSUER, ONE_TIME] });
    const token = makeToken({ issuer: ONE_TIME, tokenId: 'a' });
    const permit = await admit(token);
    await expect(admit(token)).rejects.toMatchObject({ refusal: { reason: 'token_replayed' } });
    await permit.withdraw();

    await expect(admit(token)).resolves.toBeDefined();
    await expect((await admit()).withdraw()).resolves.toBeUndefined();
  });
});
