/** `completion`: prints a script that completes commands and options in a shell. */
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';

const WRITERS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export const spec: CommandSpec = {
  name: 'completion',
  summary: 'prints a script that completes commands and options in a shell',
  usage: 'bash|zsh|fish',
  operands: Object.keys(WRITERS),
  options: [],
  examples: [
    ['bash, in ~/.bashrc', 'eval "$(oss-token-broker completion bash)"'],
    ['zsh, in ~/.zshrc after compinit', 'eval "$(oss-token-broker completion zsh)"'],
    ['fish, in ~/.config/fish/config.fish', 'oss-token-broker completion fish | source'],
  ],
};

/** Returns the exit code. */
export async function run(
  args: Arguments,
  { print }: Machine,
  loadSpecs: () => Promise<readonly CommandSpec[]>,
): Promise<number> {
  const [shell, another] = args.operands;
  if (another !== undefined || (shell !== 'bash' && shell !== 'zsh' && shell !== 'fish')) {
    throw new CliError(EXIT.usage, 'Name one shell: bash, zsh or fish.');
  }
  await print(WRITERS[shell](await loadSpecs()));
  return EXIT.done;
}
