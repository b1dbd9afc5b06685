/** Runs what the system may refuse. */
import { systemErrorCode } from '../../lib/system-error-code.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import { printable } from '../system/printable.ts';

/** Returns what the action does. Throws a CliError with this sentence if the system refuses it. */
export function attempt<Value>(action: () => Value, describe: (code: string) => string): Value {
  try {
    return action();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw new CliError(EXIT.failed, printable(describe(code)));
  }
}
