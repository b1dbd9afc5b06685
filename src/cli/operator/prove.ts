/** `prove`: says what a config can ever issue, for all possible tokens. */
import type { Config } from '../../config/config.ts';
import { parseTarget } from '../../grants/target.ts';
import type { Target } from '../../ports.ts';
import { diffConfigs, isEmptyDiff } from '../../prove/diff.ts';
import { overlapOf } from '../../prove/overlap.ts';
import { sizeProblem } from '../../prove/proof-size.ts';
import { createProver, type Prover } from '../../prove/prover.ts';
import { diffAsMarkdown } from '../../prove/report/as-markdown.ts';
import {
  type Colour,
  diffAsText,
  grantsAsText,
  overlapAsText,
  waysAsText,
} from '../../prove/report/as-text.ts';
import { diffFacts, grantFacts, overlapFacts, wayFacts } from '../../prove/report/facts.ts';
import { toRight } from '../../prove/rights.ts';
import { RefusalError } from '../../refusal.ts';
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { printable } from '../system/printable.ts';
import { loadConfigFile } from './load-config-file.ts';
import { printAnswer } from './print-answer.ts';

const DEFAULT_CONFIG = 'broker.yaml';
const QUESTIONS = ['who-can', 'reach', 'overlap', 'diff'];

export const spec: CommandSpec = {
  name: 'prove',
  summary: 'says what a config can ever issue, for all possible tokens',
  usage: `[${QUESTIONS.join(' | ')}] [words] [options]`,
  isForOperators: true,
  takesWords: 3,
  options: [
    { name: 'config', value: 'path', isPath: true, text: `the config (${DEFAULT_CONFIG})` },
    {
      name: 'format',
      value: 'format',
      choices: ['text', 'json', 'markdown'],
      text: 'text, json, or for diff markdown; without it, text',
    },
  ],
  examples: [
    [
      'all that can ever be issued, and by one issuer',
      'oss-token-broker prove',
      'oss-token-broker prove reach partner',
    ],
    [
      'who can ever write an object, or anything below a prefix',
      'oss-token-broker prove who-can write oss://app-media/users/7/a.png',
      'oss-token-broker prove who-can oss:PutObjectAcl oss://app-media/users/',
    ],
    ['where two grants share a place', 'oss-token-broker prove overlap user-files partner-drop'],
    [
      'what a change adds and takes away; ends with code 6 if that is anything',
      'oss-token-broker prove diff old.yaml new.yaml --format markdown',
    ],
  ],
  notes: ['docs/prove.md says what is proved, and what is left out.'],
};

/** Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const [question, ...words] = args.operands;
  const format = args.text('format') ?? 'text';
  if (format === 'markdown' && question !== 'diff') throw usage('--format markdown is for diff.');
  if (question === 'diff') {
    const [from, to] = expectWords(words, 2, 'Name two configs: diff old.yaml new.yaml.');
    const diff = diffConfigs(loadQuietly(from, machine), loadQuietly(to, machine));
    const write = format === 'markdown' ? diffAsMarkdown : diffAsText;
    await printAnswer(diffFacts(diff), format, machine, write);
    return isEmptyDiff(diff) ? EXIT.done : EXIT.found;
  }

  const ask = readQuestion(question, words);
  const config = loadQuietly(args.text('config') ?? DEFAULT_CONFIG, machine);
  await ask(createProver(config), (facts, write) => printAnswer(facts, format, machine, write));
  return EXIT.done;
}

/** Warnings are for `check`. Throws a CliError for a config that is too large. */
function loadQuietly(file: string, machine: Machine): Config {
  const { config } = loadConfigFile(file, { ...machine, tell: () => undefined });
  const tooLarge = sizeProblem(config);
  if (tooLarge !== undefined) throw new CliError(EXIT.failed, printable(`${file}: ${tooLarge}`));
  return config;
}

type Print = <Facts extends object>(
  facts: Facts,
  write: (facts: Facts, colour: Colour) => string,
) => Promise<void>;

/** Checks the words before a config is read. */
function readQuestion(
  question: string | undefined,
  words: readonly string[],
): (prover: Prover, print: Print) => Promise<void> {
  switch (question) {
    case undefined:
      return ({ reaches }, print) => print(reaches.map(grantFacts), grantsAsText);
    case 'reach': {
      const [issuer] = expectWords(words, 1, 'Name an issuer: reach partner.');
      return ({ reaches }, print) => {
        const own = reaches.filter((reach) => reach.issuer.name === issuer);
        if (own.length === 0)
          throw new CliError(EXIT.failed, printable(`no grant is for the issuer ${issuer}`));
        return print(own.map(grantFacts), grantsAsText);
      };
    }
    case 'who-can': {
      const [name, text] = expectWords(
        words,
        2,
        'Name a permission and a target: who-can write oss://bucket/key.',
      );
      const right = toRight(name);
      if (right === undefined)
        throw usage('who-can takes read, write, list, delete or an OSS object action.');
      const target = readTarget(text);
      return (prover, print) =>
        print(prover.waysTo(right, target).map(wayFacts), (facts, colour) =>
          waysAsText(facts, { right: name, target: text }, colour),
        );
    }
    case 'overlap': {
      const [one, other] = expectWords(
        words,
        2,
        'Name two grants: overlap user-files partner-drop.',
      );
      if (one === other) throw usage('overlap compares two different grants.');
      return (prover, print) =>
        print(
          overlapFacts(overlapOf(prover, findGrant(prover, one), findGrant(prover, other))),
          (facts, colour) => overlapAsText(facts, [one, other], colour),
        );
    }
    default:
      throw usage(`The question is one of ${QUESTIONS.join(', ')}.`);
  }
}

function findGrant({ reaches }: Prover, name: string): Prover['reaches'][number] {
  const reach = reaches.find(({ grant }) => grant.name === name);
  if (reach === undefined)
    throw new CliError(EXIT.failed, printable(`the config has no grant ${name}`));
  return reach;
}

/** As many words as there must be; an absent one is the empty text. */
function expectWords(
  words: readonly string[],
  count: number,
  sentence: string,
): readonly [string, string] {
  const [first = '', second = ''] = words;
  if (words.length !== count) throw usage(sentence);
  return [first, second];
}

function readTarget(text: string): Target {
  try {
    return parseTarget(text);
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    const { refusal } = error;
    throw usage(`The target ${'problem' in refusal ? refusal.problem : 'is no target'}.`);
  }
}

function usage(sentence: string): CliError {
  return new CliError(EXIT.usage, `${sentence} See oss-token-broker prove --help`);
}
