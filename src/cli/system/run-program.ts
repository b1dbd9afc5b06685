/** Runs a program in the place of this one: its streams, its signals, its end. */
import { spawn } from 'node:child_process';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Environment, Machine } from './machine.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
/** A terminal sends these to the program too. */
const OF_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/**
 * Returns the exit code of the program. If a signal ends the program, the same signal ends this
 * process, so that whoever waits for it sees the same. Throws a CliError if the program cannot start.
 */
export async function runProgram(
  program: string,
  parameters: readonly string[],
  options: {
    readonly environment: Environment;
    readonly machine: Pick<Machine, 'onSignals' | 'isInTerminal' | 'endBySignal'>;
  },
): Promise<number> {
  const { environment, machine } = options;
  const child = spawn(program, parameters, { stdio: 'inherit', env: environment });
  const stopListening = machine.onSignals(SIGNALS, (name) => {
    if (!(machine.isInTerminal && OF_TERMINAL.includes(name))) child.kill(name);
  });
  const end = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.once('error', (error) => reject(describeStart(error)));
      child.once('exit', (code, signal) => resolve({ code, signal }));
    },
  ).finally(stopListening);
  if (end.signal !== null) return machine.endBySignal(end.signal);
  return end.code ?? EXIT.execFailed;
}

function describeStart(error: unknown): CliError {
  const code = systemErrorCode(error) ?? 'unknown';
  if (code === 'ENOENT') return new CliError(EXIT.programNotFound, 'The program is not found.');
  return new CliError(EXIT.programNotRunnable, `The program cannot be run (${code}).`);
}
