/** What the command line of the bench asks for. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Rows whose name contains one of these are measured, and those that ratios need. Empty: all. */
  readonly only: readonly string[];
  /** How many rounds count. Two more come first and do not. */
  readonly rounds: number;
  /** A tenth of the subjects in the memory test, and half of the requests per round. */
  readonly quick: boolean;
  /** Records a CPU profile of each server during the rounds that count. */
  readonly profile: boolean;
}

const ROUNDS = 5;

/** Reads `--only <text>` (repeatable), `--rounds <n>`, `--quick` and `--profile`. Throws on anything else. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: String(ROUNDS) },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be 1 or more');
  return { only: values.only, rounds, quick: values.quick, profile: values.profile };
}
