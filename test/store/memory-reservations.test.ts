import { describe, expect, it } from 'vitest';
import { createMemoryReservations } from '../../src/store/memory-reservations.ts';
import { StoreUnavailable } from '../../src/store/store.ts';

function arrange(maxReservations?: number) {
  const clock = { nowMs: 0 };
  const reservations = createMemoryReservations({
    now: () => clock.nowMs,
    ...(maxReservations === undefined ? {} : { maxReservations }),
  });
  const reserve = (key: string, owner = 'me', lifeMs = 10_000, holders = 1) =>
    reservations.reserve({ key, owner, lifeMs, holders });
  const release = (key: string, owner: string) =>
    reservations.release({ key, owner, lifeMs: 10_000 });
  return { clock, reserve, release };
}

describe('a reservation in memory', () => {
  it('has one holder until it expires', async () => {
    const { clock, reserve } = arrange();

    expect(await reserve('a')).toBe(true);
    expect(await reserve('a')).toBe(false);
    expect(await reserve('b')).toBe(true);
    clock.nowMs = 9999;
    expect(await reserve('a', 'other')).toBe(false);
    clock.nowMs = 10_000;
    expect(await reserve('a', 'other')).toBe(true);
  });

  it('has as many holders as it may, until it expires', async () => {
    const { clock, reserve, release } = arrange();
    const hold = (owner: string) => reserve('a', owner, 10_000, 2);

    expect([await hold('one'), await hold('two'), await hold('three')]).toEqual([
      true,
      true,
      false,
    ]);
    await release('a', 'three');
    expect(await hold('three')).toBe(false);
    await release('a', 'one');
    expect([await hold('three'), await hold('four')]).toEqual([true, false]);
    clock.nowMs = 10_000;
    expect(await hold('four')).toBe(true);
  });

  it('is released only by its owner', async () => {
    const { reserve, release } = arrange();
    await reserve('a', 'me');
    await release('a', 'other');
    expect(await reserve('a', 'other')).toBe(false);

    await release('a', 'me');
    expect(await reserve('a', 'other')).toBe(true);
  });

  it('is never dropped to make room for others', async () => {
    const { reserve } = arrange(2);
    await reserve('a');
    await reserve('b');

    await expect(reserve('c')).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await reserve('a')).toBe(false);
    expect(await reserve('b')).toBe(false);
  });

  it('makes room when it has expired', async () => {
    const { clock, reserve } = arrange(2);
    await reserve('a', 'me', 5000);
    await reserve('b', 'me', 50_000);
    await reserve('c').catch(() => {});
    clock.nowMs = 5000;

    expect(await reserve('c')).toBe(true);
    expect(await reserve('b')).toBe(false);
    await expect(reserve('d')).rejects.toMatchObject({ retryAfterMs: 1000 });
  });

  it('causes a scan for expired ones at most once a second', async () => {
    const { clock, reserve } = arrange(1);
    clock.nowMs = 1000;
    await reserve('a', 'me', 500);
    await reserve('b').catch(() => {});
    clock.nowMs = 1999;

    await expect(reserve('b')).rejects.toBeInstanceOf(StoreUnavailable);
    clock.nowMs = 2000;
    expect(await reserve('b')).toBe(true);
  });
});
