/** Writes the completion for bash. */
import { type CommandSpec, type OptionSpec, optionsOf } from '../arguments/command-spec.ts';

/** A script for `eval`. Everything in it comes from the descriptions of the commands. */
export function bashCompletion(specs: readonly CommandSpec[]): string {
  const all = specs.flatMap(optionsOf);
  const paths = [...new Set(all.filter(({ isPath }) => isPath).flatMap(flagsOf))];
  const others = [...new Set(all.filter(isFreeText).flatMap(flagsOf))];
  const choices = new Map(
    all.filter(({ choices }) => choices !== undefined).map((one) => [one.name, one]),
  );
  return `_oss_token_broker() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do [[ \${COMP_WORDS[i]} == -- ]] && return; done
  case $prev in
    ${paths.join('|')}) compopt -o filenames 2>/dev/null; local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur")); return ;;
${[...choices.values()].map((one) => `    ${flagsOf(one).join('|')}) words='${one.choices?.join(' ')}' ;;`).join('\n')}
    ${others.join('|')}) return ;;
    *)
      if ((COMP_CWORD == 1)); then
        words='${specs.map(({ name }) => name).join(' ')} --help --version'
      else
        case \${COMP_WORDS[1]} in
${specs.map((spec) => `          ${spec.name}) words='${wordsOf(spec).join(' ')}' ;;`).join('\n')}
        esac
      fi ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _oss_token_broker oss-token-broker
`;
}

const flagsOf = ({ name, short }: OptionSpec) =>
  short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];

const isFreeText = ({ value, isPath, choices }: OptionSpec) =>
  value !== undefined && isPath !== true && choices === undefined;

function wordsOf(spec: CommandSpec): readonly string[] {
  return [...(spec.operands ?? []), ...optionsOf(spec).map(({ name }) => `--${name}`)];
}
