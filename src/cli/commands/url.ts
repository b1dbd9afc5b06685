/** `url`: asks for a credential URL, for clients that can only GET a URL. */
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { askBroker } from '../broker/ask-broker.ts';
import { endpointOf, readBrokerUrl } from '../broker/broker-url.ts';
import {
  REQUEST_OPTIONS,
  readNarrowing,
  readSeconds,
  readTimeout,
} from '../broker/request-options.ts';
import { withRetries } from '../broker/with-retries.ts';
import { createSubjectTokenSource } from '../subject-token/token-source.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { printable } from '../system/printable.ts';

export const spec: CommandSpec = {
  name: 'url',
  summary: 'prints a credential URL, for clients that can only GET a URL',
  usage: '[options]',
  options: [
    {
      name: 'life',
      value: 'time',
      text: 'how long the URL works: 1800, 30m, 1h; without it, as long as the broker allows',
    },
    {
      name: 'uses',
      value: 'number',
      text: 'how many credentials it gives; without it, any number',
    },
    { name: 'bind-address', text: 'lets it work from the address of this machine only' },
    {
      name: 'for',
      value: 'client',
      choices: ['mobile-sdk'],
      text: 'the client whose form of errors it answers with',
    },
    ...REQUEST_OPTIONS,
  ],
  examples: [
    [
      'a URL for every Alibaba Cloud SDK on this machine, for an hour',
      'export ALIBABA_CLOUD_CREDENTIALS_URI="$(oss-token-broker url --grant acme-reports --life 1h --bind-address --token-file token.jwt)"',
    ],
    [
      'a URL for the SDK of one phone',
      'oss-token-broker url --grant user-files --life 30m --for mobile-sdk --token-file token.jwt',
    ],
  ],
  notes: [
    'Whoever has the URL gets the credentials: it is a secret until it ends. The broker needs',
    '"surfaces: { credentialUrls: … }".',
  ],
};

/** Visible ASCII, so that a shell or a log takes it for one word. */
const URL_FORM = /^https?:\/\/[\x21-\x7e]{1,4096}$/;

/** Prints the URL and nothing else on standard output. Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const url = endpointOf(readBrokerUrl(args, machine.environment), '/v1/credential-urls');
  const members = { ...readNarrowing(args), ...readBounds(args) };
  const readToken = createSubjectTokenSource(args, machine);
  const attempt = async () => askBroker({ url, members, subjectToken: await readToken() });
  const answer = await withRetries(attempt, machine, readTimeout(args));
  const { Url: made, ExpiresAt: end, TicketId: ticket } = answer;
  if (typeof made !== 'string' || !URL_FORM.test(made)) {
    throw new CliError(
      EXIT.refused,
      'The answer is not that of a broker: Url is missing or malformed.',
    );
  }
  await machine.print(`${made}\n`);
  machine.tell(printable(`It works until ${end}. The audit log calls it ${ticket}.`));
  return EXIT.done;
}

/** What bounds the URL and not its credentials. */
function readBounds(args: Arguments): Readonly<Record<string, unknown>> {
  const life = args.text('life');
  const uses = args.text('uses');
  const client = args.text('for');
  if (uses !== undefined && !/^[1-9]\d{0,5}$/.test(uses)) {
    throw new CliError(EXIT.usage, '--uses is a number from 1.');
  }
  return {
    ...(life === undefined ? {} : { LifeSeconds: readSeconds(life, 'life') }),
    ...(uses === undefined ? {} : { Uses: Number(uses) }),
    ...(args.has('bind-address') ? { BindAddress: true } : {}),
    ...(client === undefined ? {} : { For: client }),
  };
}
