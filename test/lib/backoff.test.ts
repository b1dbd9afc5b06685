import { describe, expect, it } from 'vitest';
import { createBackoff } from '../../src/lib/backoff.ts';
import { fc } from '../support/seeded.ts';

function arrange(random = 1) {
  const clock = { nowMs: 1_000_000 };
  const backoff = createBackoff({ now: () => clock.nowMs, random: () => random });
  return { clock, backoff };
}

describe('a backoff', () => {
  it('has no pause at first', () => {
    const { backoff } = arrange();

    expect([backoff.failures(), backoff.leftMs()]).toEqual([0, 0]);
  });

  it('pauses 1 s after the first failure, then twice as long each time, up to 30 s', () => {
    const { backoff } = arrange();
    const pauses = Array.from({ length: 8 }, () => {
      backoff.fail();
      return backoff.leftMs();
    });

    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(backoff.failures()).toBe(8);
  });

  it('counts the pause down by the clock', () => {
    const { backoff, clock } = arrange();
    backoff.fail();

    clock.nowMs += 400;
    expect(backoff.leftMs()).toBe(600);
    clock.nowMs += 600;
    expect(backoff.leftMs()).toBe(0);
    clock.nowMs += 600;
    expect(backoff.leftMs()).toBe(0);
  });

  it('starts again after a reset', () => {
    const { backoff } = arrange();
    backoff.fail();
    backoff.fail();
    backoff.reset();
    expect([backoff.failures(), backoff.leftMs()]).toEqual([0, 0]);

    backoff.fail();
    expect(backoff.leftMs()).toBe(1000);
  });

  it('ends the pause when the clock is set back', () => {
    const { backoff, clock } = arrange();
    backoff.fail();
    clock.nowMs -= 1;

    expect(backoff.leftMs()).toBe(0);
  });

  it('pauses for a random part, from half to all, of the full pause', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        (random, failures) => {
          const { backoff } = arrange(random);
          for (let count = 0; count < failures; count++) backoff.fail();
          const fullMs = Math.min(30_000, 1000 * 2 ** (failures - 1));

          expect(backoff.leftMs()).toBe(fullMs * (0.5 + random / 2));
        },
      ),
    );
  });
});
