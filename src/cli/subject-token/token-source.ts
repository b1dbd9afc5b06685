/** Chooses where the subject token comes from. */
import type { Arguments } from '../arguments/read-arguments.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { checkToken, noToken } from './token-problem.ts';

const TOKEN_VARIABLE = 'OSS_TOKEN_BROKER_TOKEN';
const FILE_VARIABLE = 'OSS_TOKEN_BROKER_TOKEN_FILE';
const DEFAULT_AUDIENCE = 'oss-token-broker';
/** Where docs/cli.md mounts the projected token. Kubernetes' own token is for its API server, and stays there. */
const KUBERNETES_FILE = '/var/run/secrets/oss-token-broker/token';
const CHOICES = ['token-file', 'token-stdin', 'token-env', 'token-command', 'token-from'];

/** Makes the function that reads the subject token anew each time. Throws a CliError unless one source is chosen. */
export function createSubjectTokenSource(args: Arguments, machine: Machine): () => Promise<string> {
  const { environment, readStdin } = machine;
  const [chosen, another] = CHOICES.filter((name) => args.has(name));
  if (another !== undefined) {
    throw new CliError(EXIT.usage, `--${chosen} and --${another} do not go together.`);
  }
  const value = chosen === undefined ? '' : (args.text(chosen) ?? '');
  switch (chosen) {
    case 'token-file':
      return () => fromFile(value);
    case 'token-stdin':
      return once(async () => checkToken(await readStdin(), 'standard input'));
    case 'token-env':
      return async () => checkToken(environment[value] ?? '', value);
    case 'token-command':
      return async () => (await import('./from-command.ts')).tokenFromCommand(value, environment);
    case 'token-from':
      return fromPlatform(value, args.text('audience') ?? DEFAULT_AUDIENCE, machine);
    default:
      return fromEnvironment(machine);
  }
}

function fromPlatform(platform: string, audience: string, { environment }: Machine) {
  switch (platform) {
    case 'github-actions':
      return async () =>
        (await import('./from-github-actions.ts')).tokenFromGithubActions(audience, environment);
    case 'gitlab':
      return async () => {
        const token = environment[TOKEN_VARIABLE];
        if (token !== undefined) return checkToken(token, TOKEN_VARIABLE);
        throw noToken(`the job needs "id_tokens: { ${TOKEN_VARIABLE}: { aud: … } }".`);
      };
    default:
      return () => fromFile(environment[FILE_VARIABLE] ?? KUBERNETES_FILE);
  }
}

function fromEnvironment({ environment }: Machine): () => Promise<string> {
  const path = environment[FILE_VARIABLE];
  const token = environment[TOKEN_VARIABLE];
  if (path !== undefined && path !== '') return () => fromFile(path);
  if (token !== undefined && token !== '') return async () => checkToken(token, TOKEN_VARIABLE);
  throw noToken(
    `use one of ${CHOICES.map((name) => `--${name}`).join(', ')}, or set ${TOKEN_VARIABLE} or ${FILE_VARIABLE}.`,
  );
}

async function fromFile(path: string): Promise<string> {
  return (await import('./from-file.ts')).tokenFromFile(path);
}

/** Standard input can be read once. */
function once(read: () => Promise<string>): () => Promise<string> {
  let reading: Promise<string> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}

/** The variables that the subject token comes from. A program that gets the credential does not get them. */
export function tokenVariables(args: Arguments): readonly string[] {
  const named = args.text('token-env');
  return [
    TOKEN_VARIABLE,
    ...(named === undefined ? [] : [named]),
    ...(args.text('token-from') === 'github-actions'
      ? ['ACTIONS_ID_TOKEN_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN']
      : []),
  ];
}
