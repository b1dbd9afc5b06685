/** Writes the completion for zsh. */
import { type CommandSpec, type OptionSpec, optionsOf } from '../arguments/command-spec.ts';

/** A script for `eval` after `compinit`. Everything in it comes from the descriptions of the commands. */
export function zshCompletion(specs: readonly CommandSpec[]): string {
  return `#compdef oss-token-broker
_oss_token_broker() {
  if ((CURRENT == 2)); then
    local -a commands=(
${specs.map(({ name, summary }) => `      ${quote(`${name}:${summary}`)}`).join('\n')}
    )
    _describe command commands
    _arguments '(- *)--help[shows this text]' '(- *)--version[shows the version]'
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${specs.map((spec) => `    ${spec.name})\n      _arguments ${argumentsOf(spec)} ;;`).join('\n')}
  esac
}
compdef _oss_token_broker oss-token-broker
`;
}

function argumentsOf(spec: CommandSpec): string {
  const own = optionsOf(spec).flatMap(describe);
  const rest = spec.takesProgram === true ? ["'*::program:_normal'"] : [];
  const operands =
    spec.operands === undefined ? [] : [quote(`1:shell:(${spec.operands.join(' ')})`)];
  const words = spec.takesWords === undefined ? [] : ["'*:file:_files'"];
  return ['-S', ...own, ...operands, ...words, ...rest].join(' \\\n        ');
}

function describe({ name, short, value, choices, isPath, text }: OptionSpec): readonly string[] {
  const flags = short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
  const from = choices === undefined ? '' : `(${choices.join(' ')})`;
  const action =
    value === undefined
      ? ''
      : `:${value.replaceAll(':', '\\:')}:${isPath === true ? '_files' : from}`;
  const summary = text.replace(/[[\]]/g, '\\$&');
  return flags.map((flag) => quote(`${flag}[${summary}]${action}`));
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
