/** Events of the broker, for tests that read them and for tests that do not. */
import type { Observe } from '../../src/observe/event.ts';
import { createTellOperator } from '../../src/observe/tell-operator.ts';

export const ignoreEvents: Observe = () => {};

/** Collects the lines that the operator is told on standard error. */
export function tellInto(told: string[], now: () => number = Date.now): Observe {
  return createTellOperator({ tell: (line) => void told.push(line), now });
}
