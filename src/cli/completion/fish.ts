/** Writes the completion for fish. */
import { type CommandSpec, type OptionSpec, optionsOf } from '../arguments/command-spec.ts';

const NAME = 'oss-token-broker';

/** A script for `source`. Everything in it comes from the descriptions of the commands. */
export function fishCompletion(specs: readonly CommandSpec[]): string {
  const first = `-n __fish_use_subcommand`;
  const lines = [
    `complete -c ${NAME} -f`,
    `complete -c ${NAME} ${first} -l help -s h -d 'shows this text'`,
    `complete -c ${NAME} ${first} -l version -d 'shows the version'`,
    ...specs.flatMap((spec) => [
      `complete -c ${NAME} ${first} -a ${spec.name} -d ${quote(spec.summary)}`,
      ...(spec.takesWords === undefined ? [] : [`complete -c ${NAME} ${within(spec)} -F`]),
      ...optionsOf(spec).map((option) => describe(spec, option)),
      ...(spec.operands === undefined
        ? []
        : [`complete -c ${NAME} ${within(spec)} -a ${quote(spec.operands.join(' '))}`]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function describe(
  spec: CommandSpec,
  { name, short, value, choices, isPath, text }: OptionSpec,
): string {
  return [
    `complete -c ${NAME} ${within(spec)} -l ${name}`,
    ...(short === undefined ? [] : [`-s ${short}`]),
    ...(value === undefined ? [] : ['-r']),
    ...(isPath === true ? ['-F'] : []),
    ...(choices === undefined ? [] : [`-a ${quote(choices.join(' '))}`]),
    `-d ${quote(text)}`,
  ].join(' ');
}

const within = ({ name }: CommandSpec) => `-n '__fish_seen_subcommand_from ${name}'`;

const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
