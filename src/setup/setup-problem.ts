/** A problem that an operator must solve before the account can be set up. */
export class SetupProblem extends Error {
  override readonly name = 'SetupProblem';
}
