import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryCounter } from '../../src/store/memory-counter.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';

const SETTINGS = { name: 'subject', windowSeconds: 60 };

// only the clock moves and no timer runs, as after a function was frozen
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a counter in memory', () => {
  it('counts each key separately, in a window that the first count opens', async () => {
    const counter = createMemoryCounter(SETTINGS);
    const first = await counter.add('a');
    vi.setSystemTime(20_000);

    expect(first).toEqual({ used: 1, leftMs: 60_000 });
    expect(await counter.add('a')).toEqual({ used: 2, leftMs: 40_000 });
    expect(await counter.add('b')).toEqual({ used: 1, leftMs: 60_000 });
  });

  it('starts again when the window has ended, even if no timer ran', async () => {
    const counter = createMemoryCounter(SETTINGS);
    await counter.add('a');
    await counter.add('a');
    vi.setSystemTime(59_999);
    const last = await counter.peek('a');
    vi.setSystemTime(60_000);

    expect(last).toEqual({ used: 2, leftMs: 1 });
    expect(await counter.peek('a')).toBeUndefined();
    expect(await counter.add('a')).toEqual({ used: 1, leftMs: 60_000 });
  });

  it('reads a count without adding to it', async () => {
    const counter = createMemoryCounter(SETTINGS);

    expect(await counter.peek('a')).toBeUndefined();
    await counter.add('a');
    expect(await counter.peek('a')).toEqual({ used: 1, leftMs: 60_000 });
    expect(await counter.peek('a')).toEqual({ used: 1, leftMs: 60_000 });
  });

  it('drops the oldest window when there are too many', async () => {
    const counter = createMemoryCounter(SETTINGS, 3);
    for (const key of ['a', 'b', 'a', 'c', 'd']) await counter.add(key);

    expect(await counter.peek('a')).toBeUndefined();
    expect((await counter.peek('b'))?.used).toBe(1);
    expect((await counter.add('d')).used).toBe(2);
  });

  it('treats a window that opened again as the newest', async () => {
    const counter = createMemoryCounter(SETTINGS, 2);
    await counter.add('a');
    await counter.add('b');
    vi.setSystemTime(60_000);
    for (const key of ['a', 'c']) await counter.add(key);

    expect((await counter.peek('a'))?.used).toBe(1);
    expect((await counter.peek('c'))?.used).toBe(1);
  });

  it('is the same for the same name and window, so that a new config does not reset counts', async () => {
    const store = createMemoryStore({ now: Date.now });
    await store.counter(SETTINGS).add('a');

    expect((await store.counter({ ...SETTINGS }).add('a')).used).toBe(2);
    expect((await store.counter({ ...SETTINGS, windowSeconds: 61 }).add('a')).used).toBe(1);
    expect((await store.counter({ ...SETTINGS, name: 'issuer' }).add('a')).used).toBe(1);
  });
});
