/** What a clock that is wrong changes. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { END_MS, keyOf, MINUTE_MS, REFRESH_MS, scriptBroker } from './scripted-broker.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('a clock that is wrong', () => {
  it.each([-3_600_000, -600_000, 600_000, 3_600_000])(
    'by %i ms changes nothing',
    async (offsetMs) => {
      const broker = scriptBroker();
      broker.setClock(offsetMs);
      await broker.source.get();
      await broker.passTime(REFRESH_MS - 1);
      expect(await keyOf(broker)).toBe('STS.1');
      await broker.passTime(END_MS - REFRESH_MS);

      expect(await keyOf(broker)).toBe('STS.2');
      const { clockOffsetMs } = await broker.source.get();
      // Date has whole seconds
      expect(clockOffsetMs + offsetMs).toBeGreaterThanOrEqual(0);
      expect(clockOffsetMs + offsetMs).toBeLessThan(1000);
    },
  );

  it('is found out by Expiration and RefreshAfter where Date cannot be read', async () => {
    const broker = scriptBroker();
    broker.setClock(3_600_000);
    broker.answers.push(() => broker.grant({}));

    // RefreshAfter has whole seconds, so up to five are doubtful
    const { clockOffsetMs } = await broker.source.get();
    expect(clockOffsetMs + 3_600_000).toBeGreaterThanOrEqual(0);
    expect(clockOffsetMs + 3_600_000).toBeLessThan(5000);
    await broker.passTime(REFRESH_MS - 5000);
    expect(await keyOf(broker)).toBe('STS.1');
  });

  it('that is set back makes the source ask again', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    await broker.passTime(10 * MINUTE_MS);
    await broker.source.get();
    broker.setClock(-9 * MINUTE_MS);

    expect(await keyOf(broker)).toBe('STS.2');
    expect((await broker.source.get()).clockOffsetMs).toBe(9 * MINUTE_MS + 999);
  });

  it('that is set right by less than a second changes nothing', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    broker.setClock(-900);

    expect(await keyOf(broker)).toBe('STS.1');
  });

  it('does not make a slow answer look younger than it is', async () => {
    const broker = scriptBroker();
    broker.answers.push(async () => {
      const answer = broker.grant();
      vi.setSystemTime(Date.now() + 5000);
      return answer;
    });

    expect((await broker.source.get()).clockOffsetMs).toBe(999);
  });
});
