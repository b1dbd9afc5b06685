/** `agent`: serves a credential to the SDKs of this machine, and renews it. */
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { createRenewingCredential } from '../broker/renewing-credential.ts';
import { createAsk, REQUEST_OPTIONS, readTimeout } from '../broker/request-options.ts';
import { withRetries } from '../broker/with-retries.ts';
import { shellCommands } from '../formats/shells.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';

// no option is called --env-file: Node 20 reads an option of that name for itself, wherever it stands
const MARK = '# Written by oss-token-broker agent. It is removed when the agent ends.';

export const spec: CommandSpec = {
  name: 'agent',
  summary: 'serves a credential to the SDKs of this machine, and renews it',
  usage: '[options]',
  options: [
    {
      name: 'listen',
      value: 'address',
      text: 'a port of loopback (127.0.0.1:0, which is any free port)',
    },
    {
      name: 'socket',
      value: 'path',
      isPath: true,
      text: 'listens on a Unix socket that only you can use, instead of a port',
    },
    {
      name: 'secret-file',
      value: 'path',
      isPath: true,
      text: 'takes the secret of the address from a file, instead of making one',
    },
    {
      name: 'variables-file',
      value: 'path',
      isPath: true,
      text: 'writes the variables for clients to a file that only you can read, not to standard output',
    },
    ...REQUEST_OPTIONS,
  ],
  examples: [
    [
      'serve a credential, and use it in another shell',
      'oss-token-broker agent --grant acme-reports --token-file token.jwt --variables-file agent.env',
      '. ./agent.env && python3 upload.py',
    ],
    [
      'beside an application in a pod; both know the secret and the port',
      'oss-token-broker agent --token-from kubernetes --listen 127.0.0.1:9911 --secret-file /etc/agent/secret',
    ],
    [
      'on a Unix socket',
      'oss-token-broker agent --grant acme-reports --token-file token.jwt --socket ./agent.sock',
      'curl --unix-socket ./agent.sock http://localhost/credentials',
    ],
  ],
  notes: [
    'Addresses:',
    '  /<secret>/credentials  for every Alibaba Cloud SDK and CLI, as ALIBABA_CLOUD_CREDENTIALS_URI',
    '  /aws                   for every AWS SDK, as AWS_CONTAINER_CREDENTIALS_FULL_URI; the secret is',
    '                         AWS_CONTAINER_AUTHORIZATION_TOKEN',
    '  /credentials, /aws     the same on a Unix socket, without a secret',
  ],
};

/** Serves until a signal ends it. Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const { makeSecret, readSecret } = await import('../agent/secret.ts');
  const { serveCredential } = await import('../agent/serve-credential.ts');
  const socket = args.text('socket');
  const secretFile = args.text('secret-file');
  const variablesFile = args.text('variables-file');
  if (
    socket !== undefined &&
    (args.has('listen') || secretFile !== undefined || variablesFile !== undefined)
  ) {
    throw new CliError(
      EXIT.usage,
      '--socket goes with none of --listen, --secret-file, --variables-file.',
    );
  }
  const address = readAddress(args.text('listen') ?? '127.0.0.1:0');
  const secret = secretFile === undefined ? makeSecret() : await readSecret(secretFile);

  const ask = createAsk(args, machine);
  const first = await withRetries(ask, machine, readTimeout(args));
  const credential = createRenewingCredential(ask, first, machine);
  const ending = new AbortController();
  const stopListening = machine.onSignals(['SIGTERM', 'SIGINT', 'SIGHUP'], () => ending.abort());
  const place = socket === undefined ? { ...address, secret } : { socket };
  const agent = await serveCredential(place, credential);
  const withdraw = await announce();
  try {
    await credential.keep(ending.signal);
  } finally {
    stopListening();
    await withdraw();
    await agent.close();
  }
  return EXIT.done;

  /** Tells clients where the agent is. Returns the function that removes this information. */
  async function announce(): Promise<() => Promise<void>> {
    if (socket !== undefined) {
      machine.tell(`The agent listens on ${socket}.`);
      return async () => {};
    }
    const { agentVariables } = await import('../agent/agent-variables.ts');
    const { writePrivateFile } = await import('../system/private-file.ts');
    const { rm } = await import('node:fs/promises');
    const commands = shellCommands('sh', agentVariables({ ...address, port: agent.port, secret }));
    machine.tell(`The agent listens on port ${agent.port} of ${address.host}.`);
    if (variablesFile === undefined) {
      // whoever brought the secret knows it; it need not be shown again
      if (secretFile === undefined) await machine.print(commands);
      return async () => {};
    }
    const text = `${MARK}\n${commands}`;
    await writePrivateFile({ path: variablesFile, text, overwrite: false, mark: MARK });
    return () => rm(variablesFile, { force: true });
  }
}

/** Throws a CliError for every address that others could reach. */
function readAddress(text: string): { readonly host: '127.0.0.1' | '::1'; readonly port: number } {
  const [, name = '', digits = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const hosts = { '127.0.0.1': '127.0.0.1', localhost: '127.0.0.1', '[::1]': '::1' } as const;
  const port = Number(digits);
  if ((name !== '127.0.0.1' && name !== 'localhost' && name !== '[::1]') || port > 65_535) {
    throw new CliError(
      EXIT.usage,
      '--listen is 127.0.0.1 or [::1] with a port: whoever reaches the agent could use the credential.',
    );
  }
  return { host: hosts[name], port };
}
