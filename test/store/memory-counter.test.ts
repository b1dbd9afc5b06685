import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCounter } from '../../src/store/memory-counter.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { fc } from '../support/seeded.ts';

const SETTINGS = { name: 'subject', windowSeconds: 60 };
const START_MS = Date.parse('2026-11-23T12:00:00Z');

let clock: { nowMs: number };
const now = () => clock.nowMs;
beforeEach(() => {
  clock = { nowMs: START_MS };
});

describe('a counter in memory', () => {
  it('counts each key by itself, in a window that the first count opens', async () => {
    const counter = createMemoryCounter(SETTINGS, { now });
    const first = await counter.add('a');
    clock.nowMs = START_MS + 20_000;

    expect(first).toEqual({ used: 1, leftMs: 60_000 });
    expect(await counter.add('a')).toEqual({ used: 2, leftMs: 40_000 });
    expect(await counter.add('b')).toEqual({ used: 1, leftMs: 60_000 });
  });

  it('starts again when the window has ended, by the clock alone', async () => {
    const counter = createMemoryCounter(SETTINGS, { now });
    await counter.add('a');
    await counter.add('a');
    clock.nowMs = START_MS + 59_999;
    const last = await counter.peek('a');
    clock.nowMs = START_MS + 60_000;

    expect(last).toEqual({ used: 2, leftMs: 1 });
    expect(await counter.peek('a')).toBeUndefined();
    expect(await counter.add('a')).toEqual({ used: 1, leftMs: 60_000 });
  });

  it('tells what was counted without counting', async () => {
    const counter = createMemoryCounter(SETTINGS, { now });

    expect(await counter.peek('a')).toBeUndefined();
    await counter.add('a');
    expect(await counter.peek('a')).toEqual({ used: 1, leftMs: 60_000 });
    expect(await counter.peek('a')).toEqual({ used: 1, leftMs: 60_000 });
  });

  it('forgets the window that was opened first when there are too many', async () => {
    const counter = createMemoryCounter(SETTINGS, { now, maxKeys: 3 });
    for (const key of ['a', 'b', 'a', 'c', 'd']) await counter.add(key);

    expect(await counter.peek('a')).toBeUndefined();
    expect((await counter.peek('b'))?.used).toBe(1);
    expect((await counter.add('d')).used).toBe(2);
  });

  it('takes a window that was opened anew for a new one', async () => {
    const counter = createMemoryCounter(SETTINGS, { now, maxKeys: 2 });
    await counter.add('a');
    await counter.add('b');
    clock.nowMs = START_MS + 60_000;
    for (const key of ['a', 'c']) await counter.add(key);

    expect((await counter.peek('a'))?.used).toBe(1);
    expect((await counter.peek('c'))?.used).toBe(1);
  });

  it('is the same one for the same name and window, so that a new config does not start over', async () => {
    const store = createMemoryStore({ now });
    await store.counter(SETTINGS).add('a');

    expect((await store.counter({ ...SETTINGS }).add('a')).used).toBe(2);
    expect((await store.counter({ ...SETTINGS, windowSeconds: 61 }).add('a')).used).toBe(1);
    expect((await store.counter({ ...SETTINGS, name: 'issuer' }).add('a')).used).toBe(1);
  });

  it('makes no window longer when the clock is set back', async () => {
    const counter = createMemoryCounter(SETTINGS, { now });
    await counter.add('a');
    await counter.add('a');
    clock.nowMs = START_MS - 3_600_000;

    expect(await counter.peek('a')).toBeUndefined();
    expect(await counter.add('a')).toEqual({ used: 1, leftMs: 60_000 });
  });

  it('counts what a plain list of windows would', async () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), passMs: fc.nat(50_000) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const counter = createMemoryCounter(SETTINGS, { now });
        const counted: { readonly key: string; readonly openedAtMs: number }[] = [];
        for (const { key, passMs } of steps) {
          clock.nowMs += passMs;
          const last = counted.findLast((one) => one.key === key);
          const isOpen = last !== undefined && clock.nowMs - last.openedAtMs < 60_000;
          const openedAtMs = isOpen ? last.openedAtMs : clock.nowMs;
          counted.push({ key, openedAtMs });
          const used = counted.filter((one) => one.key === key && one.openedAtMs === openedAtMs);

          const expected = { used: used.length, leftMs: openedAtMs + 60_000 - clock.nowMs };
          expect(await counter.add(key)).toEqual(expected);
          expect(await counter.peek(key)).toEqual(expected);
        }
      }),
    );
  });
});
