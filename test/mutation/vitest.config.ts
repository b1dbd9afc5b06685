/** The tests that are to notice the mutants of one part of the code, which `MUTATED_PART` names. */
import { defineConfig } from 'vitest/config';
import { parts } from './parts.ts';

const part = parts.get(process.env['MUTATED_PART'] ?? '');
const chosen = part === undefined ? [...parts.values()] : [part];

export default defineConfig({
  test: {
    include: chosen.flatMap(({ tests }) => tests),
    testTimeout: 30_000,
    deps: { interopDefault: false },
  },
});
