/** What is wrong with an issuer's documents or keys, in words for the operator. */

/** Its message holds neither a token, nor a key, nor a URL with a path or query. */
export class IssuerProblem extends Error {
  override readonly name = 'IssuerProblem';
}

/** The words for anything that was thrown while keys were loaded. */
export function describeProblem(error: unknown): string {
  if (error instanceof IssuerProblem) return error.message;
  return `unexpected ${error instanceof Error ? error.name : typeof error}`;
}
