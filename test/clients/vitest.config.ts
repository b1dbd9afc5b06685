/** How the tests of clients in other languages run: apart from `npm test`, since they install those clients. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/clients/**/*.test.ts'],
    globalSetup: 'test/clients/support/global-setup.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: '100%',
    // each waits for a credential to expire
    sequence: { concurrent: true },
    deps: { interopDefault: false },
  },
});
