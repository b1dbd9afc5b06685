/** How the tests run: in parallel workers, none of which may be slow enough to be taken for a hang. */
import { randomInt } from 'node:crypto';
import { defineConfig } from 'vitest/config';

/** What property tests begin their search from. */
const seed = process.env['FC_SEED'] ?? String(randomInt(2 ** 31));
process.stdout.write(`property tests: FC_SEED=${seed}\n`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // they install clients in other languages: npm run test:clients
    exclude: ['test/clients/**'],
    globalSetup: 'test/programs/global-setup.ts',
    testTimeout: 30_000,
    // by default one core is left free, which halves the speed of a machine with two
    maxWorkers: '100%',
    env: { FC_SEED: seed },
    // CommonJS is imported as Node itself does it, so that what passes here also runs there
    deps: { interopDefault: false },
  },
});
