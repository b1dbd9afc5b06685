/** What `check` finds in a config, and the rules that find it. */
import type { Config } from '../config/config.ts';

/** `error`: somebody may get what nobody meant to give. `note`: worth knowing, and often right. */
export type Severity = 'error' | 'warning' | 'note';

export interface RuleInfo {
  /** Also the anchor on docs/check.md, and what a silence names. */
  readonly id: string;
  readonly severity: Severity;
  /** What the rule looks for, as one sentence without a full stop. */
  readonly summary: string;
}

/** A rule over a config that loads. */
export interface Rule extends RuleInfo {
  readonly find: (config: Config) => readonly Found[];
}

export interface Found {
  readonly path: readonly PropertyKey[];
  /** What is wrong, said of what is at the path. */
  readonly reason: string;
  /** What to write instead. */
  readonly fix: string;
}

export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** As operators write it, e.g. `grants[0].when`; empty for the config as a whole. */
  readonly path: string;
  readonly reason: string;
  readonly fix: string;
}

/** A finding that a comment in the file silences. */
export interface Silenced extends Finding {
  /** Why, in the words of the operator. */
  readonly silence: string;
}

export interface CheckResult {
  readonly file: string;
  /** In the order of the file. */
  readonly findings: readonly Finding[];
  readonly silenced: readonly Silenced[];
  /** False: the config has problems, and only these are among the findings. */
  readonly loads: boolean;
}
