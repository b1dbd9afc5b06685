/** What whoever started `npm run dev` can put right: told in a sentence, without a stack. */

export class DevProblem extends Error {
  override readonly name = 'DevProblem';
}
