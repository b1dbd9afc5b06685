/** The error for problems with an issuer's documents or keys, in words for the operator. */

/** Its message contains no token, no key, and no URL with a path or query. */
export class IssuerProblem extends Error {
  override readonly name = 'IssuerProblem';
}

/** Describes anything thrown while keys were loaded. Shows the message of an IssuerProblem only. */
export function describeProblem(error: unknown): string {
  if (error instanceof IssuerProblem) return error.message;
  return `unexpected ${error instanceof Error ? error.name : typeof error}`;
}
