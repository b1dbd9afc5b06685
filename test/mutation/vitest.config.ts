/** The tests that are to notice each mutant: those of the folders that are mutated, and the threats to them. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'test/remember-decisions.test.ts',
      'test/{subject-token,grants,session-policy,limits}/**/*.test.ts',
      'test/threats/{tokens,issuers,grants,tickets,ticket-limits,ticket-narrowing,ticket-revocation}.test.ts',
      'test/e2e/{report-mode,remembered-tokens}.test.ts',
    ],
    testTimeout: 30_000,
    deps: { interopDefault: false },
  },
});
