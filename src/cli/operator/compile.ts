/** `compile`: checks a config and writes the form of it that a broker loads quickly. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeCompiledConfig } from '../../config-loader/compiled-config.ts';
import { summarizeConfig } from '../../config-loader/summarize-config.ts';
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { printable } from '../system/printable.ts';
import { attempt } from './attempt.ts';
import { loadConfigFile } from './load-config-file.ts';

export const spec: CommandSpec = {
  name: 'compile',
  summary: 'checks a config and writes it as JSON, which a broker loads quickly',
  usage: '<broker.yaml> <broker.json>',
  isForOperators: true,
  takesWords: 2,
  options: [],
  examples: [
    [
      'before a deployment; the broker then reads dist/broker.json',
      'oss-token-broker compile broker.yaml dist/broker.json',
    ],
  ],
};

/** Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const [from, to] = args.operands;
  if (from === undefined || to === undefined) {
    throw new CliError(
      EXIT.usage,
      'Name the config, and the file to write. See oss-token-broker compile --help',
    );
  }
  const { config } = loadConfigFile(from, machine);
  attempt(
    () => {
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, writeCompiledConfig(config));
    },
    (code) => `${to} cannot be written (${code})`,
  );
  await machine.print(
    `${printable(from)}: ${summarizeConfig(config)}\n${printable(to)}: written, config ${config.revision.slice(0, 12)}\n`,
  );
  return EXIT.done;
}
