/** The problems of a config: what is wrong, and where. All are reported at once. */
import { withoutControls } from '../lib/without-controls.ts';

/** One problem to correct. Contains no value from the environment. */
export interface ConfigProblem {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** e.g. `grants[0].allow[1].target`; empty for the config as a whole. */
  readonly path: string;
  /** What is wrong, and what to write instead. */
  readonly message: string;
  /** Which warning this is. Absent: the config must not be used. */
  readonly rule?: WarningRule;
}

/** The warnings, as `oss-token-broker check` and docs/check.md name them. */
export type WarningRule =
  | 'claim-name-with-dots'
  | 'host-bits-in-range'
  | 'id-is-number'
  | 'issuer-without-grants'
  | 'issuers-share-target'
  | 'open-grant'
  | 'recyclable-tenant'
  | 'shared-issuer'
  | 'symlink-reach'
  | 'target-is-object'
  | 'targets-overlap';

/** Reports what is wrong at a path. The path is relative to the part that is being built. */
export type Report = (path: readonly PropertyKey[], message: string) => void;

/** Warns of what is at a path. The path is relative to the part that is looked at. */
export type Warn = (path: readonly PropertyKey[], message: string, rule: WarningRule) => void;

/** Thrown for a config that must not be used. Holds every problem found in it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/**
 * Formats a problem as one line that editors and terminals link: `file:line:column path: message`. What
 * it quotes of the config neither ends the line nor is obeyed by a terminal.
 */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, path, message } = problem;
  return withoutControls(`${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`);
}

/** Formats a path as operators write it, e.g. `grants[0].role`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}

/** Reports under a path. */
export function under<What extends readonly unknown[]>(
  report: (path: readonly PropertyKey[], ...what: What) => void,
  parent: readonly PropertyKey[],
): (path: readonly PropertyKey[], ...what: What) => void {
  return (path, ...what) => report([...parent, ...path], ...what);
}
