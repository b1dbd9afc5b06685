/** A clock that stands still until a test moves it: for the broker, its issuer, the simulator and the SDK alike. */
import { vi } from 'vitest';

/** Stops the clock. Timers run on as ever. */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ['Date'] });
}

export function passTime(elapsedMs: number): void {
  vi.setSystemTime(Date.now() + elapsedMs);
}

export function letClockRun(): void {
  vi.useRealTimers();
}
