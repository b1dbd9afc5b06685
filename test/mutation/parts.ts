/** The parts of the code that are mutated, each with the tests that are to notice its mutants. */

interface MutatedPart {
  /** Globs of the code. */
  readonly code: readonly string[];
  /** Globs of the tests: few, because all of them run for each mutant that nothing notices. */
  readonly tests: readonly string[];
}

export const parts: ReadonlyMap<string, MutatedPart> = new Map([
  [
    'decide',
    {
      code: ['src/decide.ts', 'src/remember-decisions.ts'],
      tests: [
        'test/decide.test.ts',
        'test/remember-decisions.test.ts',
        'test/e2e/report-mode.test.ts',
      ],
    },
  ],
  ['grants', partOfFolder('grants', ['test/threats/grants.test.ts'])],
  ['limits', partOfFolder('limits', ['test/threats/ticket-limits.test.ts'])],
  ['session-policy', partOfFolder('session-policy')],
  [
    'subject-token',
    partOfFolder('subject-token', [
      'test/threats/tokens.test.ts',
      'test/threats/issuers.test.ts',
      'test/threats/keys.test.ts',
    ]),
  ],
]);

function partOfFolder(folder: string, moreTests: readonly string[] = []): MutatedPart {
  return {
    code: [`src/${folder}/**/*.ts`],
    tests: [`test/${folder}/**/*.test.ts`, ...moreTests],
  };
}
