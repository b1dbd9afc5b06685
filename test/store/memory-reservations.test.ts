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
    // each of another subject, which has no share to keep to
    reservations.reserve({ key, owner, subject: key, lifeMs, holders });
  const release = (key: string, owner: string) =>
    reservations.release({ key, owner, subject: key, lifeMs: 10_000 });
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

describe('the room for reservations in memory', () => {
  it('is taken by each holder of a key, so that many holders take no more memory than many keys', async () => {
    const clock = { nowMs: 0 };
    const reservations = createMemoryReservations({
      now: () => clock.nowMs,
      maxReservations: 3,
    });
    // each for another subject, which has no share to keep to
    const hold = (owner: string, key = 'a') =>
      reservations.reserve({ key, owner, subject: owner, holders: 1000, lifeMs: 10_000 });
    const release = (owner: string) =>
      reservations.release({ key: 'a', owner, subject: owner, lifeMs: 10_000 });
    for (const owner of ['one', 'two', 'three']) expect(await hold(owner)).toBe(true);

    await expect(hold('four')).rejects.toBeInstanceOf(StoreUnavailable);
    await release('two');
    await release('two');
    expect(await hold('four')).toBe(true);
    await expect(hold('five', 'b')).rejects.toBeInstanceOf(StoreUnavailable);
    clock.nowMs = 10_000;
    const later = [await hold('one'), await hold('two', 'b'), await hold('three', 'b')];
    expect(later).toEqual([true, true, true]);
    await expect(hold('four')).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('is counted for the subject that holds it', async () => {
    const reservations = createMemoryReservations({ now: () => 0, maxReservations: 200 });
    const hold = (subject: string, n: number) =>
      reservations.reserve({
        key: subject,
        owner: `${n}`,
        subject,
        holders: 1000,
        lifeMs: 10_000,
      });
    for (let n = 0; n < 100; n++) await hold('greedy', n);

    await expect(hold('greedy', 100)).rejects.toBeInstanceOf(StoreUnavailable);
    expect([await hold('modest', 0), await hold('modest', 1)]).toEqual([true, true]);
    await expect(hold('modest', 2)).rejects.toBeInstanceOf(StoreUnavailable);
  });
});

describe('reservations of one subject in memory', () => {
  const MAX = 200;

  function arrangeSubjects() {
    const clock = { nowMs: 0 };
    const reservations = createMemoryReservations({
      now: () => clock.nowMs,
      maxReservations: MAX,
    });
    let keys = 0;
    const reserve = (subject: string, lifeMs = 10_000) =>
      reservations.reserve({ key: `key-${keys++}`, owner: 'me', subject, lifeMs });
    const release = (key: string) =>
      reservations.release({ key, owner: 'me', subject: 'any', lifeMs: 10_000 });
    const fill = async (subject: string, count: number) => {
      for (let n = 0; n < count; n++) await reserve(subject);
    };
    return { clock, reserve, release, fill };
  }

  it('take half of the room and no more, and those of others a hundredth each', async () => {
    const { reserve, fill } = arrangeSubjects();
    await fill('greedy', MAX / 2);

    await expect(reserve('greedy')).rejects.toMatchObject({
      problem: 'the subject has reserved too many one-time tokens',
      retryAfterMs: 1000,
    });
    for (let n = 0; n < MAX / 4; n++) await fill(`other-${n}`, 2);
    await expect(reserve('last')).rejects.toMatchObject({
      problem: 'too many one-time tokens are reserved',
    });
  });

  it('are held to a hundredth while the room is half full of others', async () => {
    const { reserve, release, fill } = arrangeSubjects();
    await fill('greedy', MAX / 2);
    await fill('other', 2);

    await expect(reserve('other')).rejects.toBeInstanceOf(StoreUnavailable);
    await release(`key-${MAX / 2}`);
    expect(await reserve('other')).toBe(true);
    await expect(reserve('other')).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('count until they expire', async () => {
    const { clock, reserve, fill } = arrangeSubjects();
    await reserve('other', 5000);
    await reserve('other', 5000);
    await fill('greedy', MAX / 2 - 2);
    await expect(reserve('other')).rejects.toBeInstanceOf(StoreUnavailable);
    clock.nowMs = 5000;

    expect([await reserve('other'), await reserve('other')]).toEqual([true, true]);
    await expect(reserve('other')).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('count once, though a key expires and is reserved again', async () => {
    const clock = { nowMs: 0 };
    const reservations = createMemoryReservations({
      now: () => clock.nowMs,
      maxReservations: MAX,
    });
    const again = () => reservations.reserve({ key: 'a', owner: 'me', subject: 'one', lifeMs: 10 });
    for (let n = 0; n < 5; n++) {
      expect(await again()).toBe(true);
      clock.nowMs += 10;
    }
    expect(await again()).toBe(true);
    for (let n = 0; n < MAX / 2 - 1; n++) {
      await reservations.reserve({ key: `${n}`, owner: 'me', subject: 'greedy', lifeMs: 10_000 });
    }
    expect(
      await reservations.reserve({ key: 'b', owner: 'me', subject: 'one', lifeMs: 10_000 }),
    ).toBe(true);
  });
});
