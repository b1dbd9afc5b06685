/** A clock that stands still until a test moves it, shared by the broker, its issuer, the simulator and the SDK. */
import { vi } from 'vitest';

/** Stops the clock. Timers still run. */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ['Date'] });
}

export function passTime(elapsedMs: number): void {
  vi.setSystemTime(Date.now() + elapsedMs);
}

export function letClockRun(): void {
  vi.useRealTimers();
}
