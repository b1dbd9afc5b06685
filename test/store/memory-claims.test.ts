import { describe, expect, it } from 'vitest';
import { createMemoryClaims } from '../../src/store/memory-claims.ts';
import { StoreUnavailable } from '../../src/store/store.ts';

function arrange(maxClaims?: number) {
  const clock = { nowMs: 0 };
  const claims = createMemoryClaims({
    now: () => clock.nowMs,
    ...(maxClaims === undefined ? {} : { maxClaims }),
  });
  const claim = (key: string, owner = 'me', lifeMs = 10_000) =>
    claims.claim({ key, owner, lifeMs });
  const release = (key: string, owner: string) => claims.release({ key, owner, lifeMs: 10_000 });
  return { clock, claim, release };
}

describe('a claim in memory', () => {
  it('is held by one until it expires', async () => {
    const { clock, claim } = arrange();

    expect(await claim('a')).toBe(true);
    expect(await claim('a')).toBe(false);
    expect(await claim('b')).toBe(true);
    clock.nowMs = 9999;
    expect(await claim('a', 'other')).toBe(false);
    clock.nowMs = 10_000;
    expect(await claim('a', 'other')).toBe(true);
  });

  it('is released by its owner and by nobody else', async () => {
    const { claim, release } = arrange();
    await claim('a', 'me');
    await release('a', 'other');
    expect(await claim('a', 'other')).toBe(false);

    await release('a', 'me');
    expect(await claim('a', 'other')).toBe(true);
  });

  it('is never forgotten to make room for others', async () => {
    const { claim } = arrange(2);
    await claim('a');
    await claim('b');

    await expect(claim('c')).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await claim('a')).toBe(false);
    expect(await claim('b')).toBe(false);
  });

  it('makes room when it has expired', async () => {
    const { clock, claim } = arrange(2);
    await claim('a', 'me', 5000);
    await claim('b', 'me', 50_000);
    await claim('c').catch(() => {});
    clock.nowMs = 5000;

    expect(await claim('c')).toBe(true);
    expect(await claim('b')).toBe(false);
    await expect(claim('d')).rejects.toMatchObject({ retryAfterMs: 1000 });
  });

  it('is not looked for among all of them more than once a second', async () => {
    const { clock, claim } = arrange(1);
    clock.nowMs = 1000;
    await claim('a', 'me', 500);
    await claim('b').catch(() => {});
    clock.nowMs = 1999;

    await expect(claim('b')).rejects.toBeInstanceOf(StoreUnavailable);
    clock.nowMs = 2000;
    expect(await claim('b')).toBe(true);
  });
});
