/** The bundle that the global setup built for this run. Many tests start it, and none changes it. */
import { inject } from 'vitest';
import type { Bundle } from './bundle.ts';

/** Throws if it was not built: the global setup looks for tests that import this file. */
export function builtBundle(): Bundle {
  const bundle = inject('bundle');
  if (bundle === undefined) throw new Error('the global setup has not built the bundle');
  return bundle;
}
