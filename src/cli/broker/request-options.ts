/** The options of every command that asks the broker, and the request that they make. */
import type { OptionSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { TOKEN_OPTIONS } from '../subject-token/token-options.ts';
import { createSubjectTokenSource } from '../subject-token/token-source.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { askBroker } from './ask-broker.ts';
import { endpointOf, readBrokerUrl } from './broker-url.ts';
import { type Credential, readCredential } from './credential.ts';

const DEFAULT_TIMEOUT_SECONDS = 30;
const SECONDS = { s: 1, m: 60, h: 3600 };

export const NARROWING_OPTIONS: readonly OptionSpec[] = [
  { name: 'grant', value: 'name', text: 'the grant; without it, the only one that fits' },
  {
    name: 'target',
    value: 'oss://…',
    text: 'a part of the grant: oss://bucket/prefix/ or oss://bucket/key',
  },
  {
    name: 'permissions',
    value: 'list',
    text: 'some of read, write, list, delete, separated by commas',
  },
  { name: 'duration', value: 'time', text: 'how long the credential lives: 900, 15m, 1h' },
];

export const BROKER_OPTIONS: readonly OptionSpec[] = [
  { name: 'broker', value: 'url', text: 'the broker; without it, OSS_TOKEN_BROKER_URL' },
  {
    name: 'timeout',
    value: 'time',
    text: `how long to try again while the broker is not there (${DEFAULT_TIMEOUT_SECONDS}s); 0 tries once`,
  },
];

export const REQUEST_OPTIONS: readonly OptionSpec[] = [
  ...BROKER_OPTIONS,
  ...NARROWING_OPTIONS,
  ...TOKEN_OPTIONS,
];

/** Makes the function that asks for a credential. It reads the subject token anew each time. */
export function createAsk(args: Arguments, machine: Machine): () => Promise<Credential> {
  const url = endpointOf(readBrokerUrl(args, machine.environment), '/v1/credentials');
  const members = readNarrowing(args);
  const readToken = createSubjectTokenSource(args, machine);
  return async () =>
    readCredential(await askBroker({ url, members, subjectToken: await readToken() }));
}

/** The members of the request that the options name. */
export function readNarrowing(args: Arguments): Readonly<Record<string, unknown>> {
  const grant = args.text('grant');
  const target = args.text('target');
  const permissions = args
    .text('permissions')
    ?.split(',')
    .map((name) => name.trim());
  const duration = args.text('duration');
  return {
    ...(grant === undefined ? {} : { Grant: grant }),
    ...(target === undefined ? {} : { Target: target }),
    ...(permissions === undefined ? {} : { Permissions: permissions }),
    ...(duration === undefined ? {} : { DurationSeconds: readSeconds(duration, 'duration') }),
  };
}

/** Milliseconds. */
export function readTimeout(args: Arguments): number {
  const text = args.text('timeout');
  return 1000 * (text === undefined ? DEFAULT_TIMEOUT_SECONDS : readSeconds(text, 'timeout'));
}

/** Seconds of a number or of a time such as `15m`. Throws a CliError for every other text. */
export function readSeconds(text: string, option: string): number {
  const [, count, unit = 's'] = /^(\d{1,6})([smh])?$/.exec(text) ?? [];
  if (count === undefined || (unit !== 's' && unit !== 'm' && unit !== 'h')) {
    throw new CliError(
      EXIT.usage,
      `--${option} is a number of seconds, or a time such as 15m or 1h.`,
    );
  }
  return Number(count) * SECONDS[unit];
}
