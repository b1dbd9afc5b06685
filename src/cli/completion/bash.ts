/** Writes the completion for bash. */
import { type CommandSpec, type OptionSpec, optionsOf } from '../arguments/command-spec.ts';

/** A script for `eval`. Everything in it comes from the descriptions of the commands. */
export function bashCompletion(specs: readonly CommandSpec[]): string {
  const all = specs.flatMap((spec) => optionsOf(spec).map((option) => ({ spec, option })));
  const paths = all.filter(({ option }) => option.isPath).flatMap(patternsOf);
  const others = all.filter(({ option }) => isFreeText(option)).flatMap(patternsOf);
  const chosen = all.filter(({ option }) => option.choices !== undefined);
  return `_oss_token_broker() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do [[ \${COMP_WORDS[i]} == -- ]] && return; done
  case "\${COMP_WORDS[1]} $prev" in
    ${paths.join('|')}) compopt -o filenames 2>/dev/null; local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur")); return ;;
${chosen.map((one) => `    ${patternsOf(one).join('|')}) words='${one.option.choices?.join(' ')}' ;;`).join('\n')}
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

/** The same option can take other values after another command. */
function patternsOf({
  spec,
  option: { name, short },
}: {
  readonly spec: CommandSpec;
  readonly option: OptionSpec;
}): readonly string[] {
  const flags = short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
  return flags.map((flag) => `'${spec.name} ${flag}'`);
}

const isFreeText = ({ value, isPath, choices }: OptionSpec) =>
  value !== undefined && isPath !== true && choices === undefined;

function wordsOf(spec: CommandSpec): readonly string[] {
  return [...(spec.operands ?? []), ...optionsOf(spec).map(({ name }) => `--${name}`)];
}
