/** `oss-token-broker`: runs one command. Only this file reads the environment, the arguments and the real clock. */
import { constants } from 'node:os';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { describeDefect } from '../lib/describe-defect.ts';
import { withoutControls } from '../lib/without-controls.ts';
import { commandHelp, programHelp } from './arguments/help.ts';
import { readArguments } from './arguments/read-arguments.ts';
import { COMMANDS, loadSpecs, OPERATOR_FILE_IS_MISSING } from './commands/commands.ts';
import { CliError, EXIT, isCliError } from './system/cli-error.ts';
import type { Machine } from './system/machine.ts';
import { printable } from './system/printable.ts';

/** Set by tools/build-cli.ts. */
declare const VERSION: string;

const machine: Machine = {
  environment: process.env,
  now: Date.now,
  random: Math.random,
  sleep: (delayMs, signal) =>
    sleepFor(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => {}),
  readStdin,
  streamStdin: () => process.stdin,
  ...(process.stdin.isTTY === true ? { ask } : {}),
  print,
  tell,
  printsToTerminal: process.stdout.isTTY === true,
  onSignals(names, listener) {
    for (const name of names) process.on(name, listener);
    return () => {
      for (const name of names) process.off(name, listener);
    };
  },
  async endBySignal(name) {
    process.kill(process.pid, name);
    // some signals of a program do not end this process
    await sleepFor(100);
    return 128 + constants.signals[name];
  },
  isInTerminal: process.stdin.isTTY === true || process.stderr.isTTY === true,
};

async function main(): Promise<number> {
  const [name = '', ...args] = process.argv.slice(2);
  if (name === '--version') return say(`${VERSION}\n`);
  if (name === '--help' || name === '-h') return help();
  const load = COMMANDS.get(name);
  if (load === undefined) {
    const problem = name === '' ? 'There is no command.' : `"${printable(name)}" is no command.`;
    throw new CliError(EXIT.usage, `${problem} See oss-token-broker --help`);
  }
  const { spec, run } = await load();
  const read = readArguments(spec, args);
  return read.has('help') ? say(commandHelp(spec)) : run(read, machine, loadSpecs);
}

async function help(): Promise<number> {
  const specs = await loadSpecs();
  await print(programHelp(specs));
  if (specs.length < COMMANDS.size) tell(OPERATOR_FILE_IS_MISSING);
  return EXIT.done;
}

async function say(text: string): Promise<number> {
  await print(text);
  return EXIT.done;
}

/** Whoever reads this program's output may stop at any time. Then there is nobody left to tell. */
function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error) reject(new CliError(EXIT.failed, 'Standard output is closed.'));
      else resolve();
    });
  });
}

/** The question goes to standard error, since standard output is for data. */
async function ask(question: string): Promise<string | undefined> {
  const { createInterface } = await import('node:readline');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    // Ctrl+C and Ctrl+D close it without an answer
    terminal.once('close', () => resolve(undefined));
    terminal.question(question, (line) => {
      resolve(line);
      terminal.close();
    });
  });
}

async function readStdin(): Promise<string> {
  const { readBounded } = await import('../lib/read-bounded.ts');
  const bytes = await readBounded(process.stdin, MAX_STDIN_BYTES, () => {
    return new CliError(
      EXIT.noSubjectToken,
      'There is no subject token: standard input is too long.',
    );
  });
  return bytes.toString('latin1');
}

/** Messages quote file names, configs and answers of servers. A terminal must obey none of them. */
function tell(message: string): void {
  const lines = message.split('\n').map((line) => `oss-token-broker: ${withoutControls(line)}\n`);
  process.stderr.write(lines.join(''));
}

function exitCodeOf(error: unknown): number {
  if (!isCliError(error)) {
    tell(`This is a defect of oss-token-broker: ${describeDefect(error)}`);
    return EXIT.failed;
  }
  tell(error.message);
  return error.exitCode;
}

const MAX_STDIN_BYTES = 16_384;
const LAST_WORDS_MS = 1000;
/** A program that `exec` runs may end with any of the other codes. */
const OF_PROGRAM: readonly number[] = [EXIT.programNotFound, EXIT.programNotRunnable];

// each write reports a closed stream; without a listener it would end the process with a stack trace
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

main()
  .catch((error: unknown) => {
    const code = exitCodeOf(error);
    return process.argv[2] === 'exec' && !OF_PROGRAM.includes(code) ? EXIT.execFailed : code;
  })
  .then((code) => {
    process.exitCode = code;
    // messages are written by then; something may still read a pipe that nobody closes
    setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
  });
