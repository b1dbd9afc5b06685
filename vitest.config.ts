/** How the tests run: in parallel workers, none of which may be slow enough to be taken for a hang. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // CommonJS is imported as Node itself does it, so that what passes here also runs there
    deps: { interopDefault: false },
  },
});
