/** `exec`: runs a program with a credential in its environment. */
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import type { Credential } from '../broker/credential.ts';
import { createRenewingCredential } from '../broker/renewing-credential.ts';
import { createAsk, REQUEST_OPTIONS, readTimeout } from '../broker/request-options.ts';
import { withRetries } from '../broker/with-retries.ts';
import {
  credentialVariables,
  placeVariables,
  RIVALS,
  type Variables,
} from '../formats/variables.ts';
import { tokenVariables } from '../subject-token/token-source.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';

export const spec: CommandSpec = {
  name: 'exec',
  summary: 'runs a program with a credential in its environment',
  usage: '[options] -- <program> [arguments]',
  takesProgram: true,
  options: [
    {
      name: 'renew',
      text: 'for programs that outlive a credential: serves it as "agent" does, and renews it',
    },
    ...REQUEST_OPTIONS,
  ],
  examples: [
    [
      'upload a file; ossutil reads region, endpoint and credential from its environment',
      `oss-token-broker exec --grant acme-reports --token-file token.jwt -- sh -c 'ossutil cp report.csv "$OSS_TARGET"'`,
    ],
    [
      'run a program for hours; every Alibaba Cloud SDK and AWS SDK finds the agent by itself',
      'oss-token-broker exec --renew --grant acme-reports --token-file token.jwt -- python3 sync.py',
    ],
    [
      'in a job of GitLab CI with "id_tokens: { OSS_TOKEN_BROKER_TOKEN: { aud: oss-token-broker } }"',
      'oss-token-broker exec --grant releases --token-from gitlab -- ./upload.sh',
    ],
  ],
  notes: [
    'The program gets OSS_…, ALIBABA_CLOUD_… and AWS_… variables with the credential, and OSS_REGION,',
    'OSS_ENDPOINT and OSS_TARGET where there is one of each. It does not get the subject token.',
    'With --renew it gets ALIBABA_CLOUD_CREDENTIALS_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI instead.',
    '',
    'The exit code is that of the program. Failures before it starts have code 125, or 126 if the program',
    'cannot be run and 127 if there is none.',
  ],
};

/** Runs the program. Returns its exit code, or ends by the signal that ended it. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const [program, ...parameters] = args.program ?? [];
  if (program === undefined)
    throw new CliError(EXIT.usage, 'There is no program: it stands behind "--".');
  const ask = createAsk(args, machine);
  const credential = await withRetries(ask, machine, readTimeout(args));
  const agent = args.has('renew') ? await startRenewing(ask, credential, machine) : undefined;
  const given = agent?.variables ?? credentialVariables(credential);
  const environment = {
    ...withoutValues(machine.environment, [
      ...tokenVariables(args),
      ...RIVALS,
      ...Object.keys(credentialVariables(credential)),
    ]),
    ...given,
  };
  const { runProgram } = await import('../system/run-program.ts');
  try {
    return await runProgram(program, parameters, { environment, machine });
  } finally {
    await agent?.close();
  }
}

/** Starts an agent in this process for the time of the program. */
async function startRenewing(ask: () => Promise<Credential>, first: Credential, machine: Machine) {
  const { makeSecret } = await import('../agent/secret.ts');
  const { serveCredential } = await import('../agent/serve-credential.ts');
  const { agentVariables, WITHOUT_OTHER_SOURCES } = await import('../agent/agent-variables.ts');
  const credential = createRenewingCredential(ask, first, machine);
  const place = { host: '127.0.0.1', port: 0, secret: makeSecret() } as const;
  const agent = await serveCredential(place, credential);
  const ending = new AbortController();
  const kept = credential.keep(ending.signal);
  const variables: Variables = {
    ...WITHOUT_OTHER_SOURCES,
    ...agentVariables({ ...place, port: agent.port }),
    ...placeVariables(first),
  };
  return {
    variables,
    async close() {
      ending.abort();
      await kept;
      await agent.close();
    },
  };
}

function withoutValues(environment: Variables, names: readonly string[]): Variables {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}
