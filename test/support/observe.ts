/** Observers of the broker's events: one that ignores them, one that collects the operator's lines. */
import type { Observe } from '../../src/observe/event.ts';
import { createTellOperator } from '../../src/observe/tell-operator.ts';

export const ignoreEvents: Observe = () => {};

/** Collects the lines that the operator would read on standard error. */
export function tellInto(told: string[], now: () => number = Date.now): Observe {
  return createTellOperator({ tell: (line) => void told.push(line), now });
}
