/** What is wrong with a config, and where: all of it at once. */

/** One thing to correct. Holds no value that came from the environment. */
export interface ConfigProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** e.g. `grants[0].allow[1].target`; empty for the config as a whole. */
  readonly path: string;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** A config that must not be used, with every problem that was found in it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** One line, in the form that editors and terminals link: `file:line:column path: message`. */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, path, message } = problem;
  return `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`;
}

/** The path of a key as people write it. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}
