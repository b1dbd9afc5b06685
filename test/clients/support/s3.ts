/** How a tool that speaks S3 gets credentials: from the command line, or from the broker itself in either form of AWS. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aliasOf } from '../../support/aws.ts';
import { EXAMPLES } from './install.ts';
import type { Command } from './run.ts';
import type { ClientWorld } from './world.ts';

/** Real ones have TLS. The simulator is the proxy for it, and stands for it. */
export const S3_ENDPOINT = 'http://s3.oss-cn-hangzhou.aliyuncs.com';

export const s3File = (name: string) => join(EXAMPLES, 's3', name);

/** What the example exports, and how a client gets from there to the simulator. */
export function s3Environment(world: ClientWorld): Readonly<Record<string, string>> {
  const text = readFileSync(s3File('environment.sh'), 'utf8');
  const exported = [...text.matchAll(/\b(AWS_[A-Z_0-9]+)=(\S+)/g)];
  const proxy = world.broker.simulator.oss.url;
  return {
    ...Object.fromEntries(exported.map(([, name = '', value = '']) => [name, value])),
    AWS_ENDPOINT_URL_S3: S3_ENDPOINT,
    ...{ HTTP_PROXY: proxy, http_proxy: proxy, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
  };
}

export type Caller = Readonly<Record<string, string>>;

/** Starts a tool for a caller. */
export type Way = (world: ClientWorld, caller: Caller, tool: Command) => Command;

/** The tool as a child of the command line, which serves it a credential and renews it. */
export function throughExec(cliPath: string): Way {
  return (world, { BROKER_URL = '', GRANT = '', SUBJECT_TOKEN_FILE = '' }, tool) => {
    const options = ['--renew', '--grant', GRANT, '--token-file', SUBJECT_TOKEN_FILE];
    return {
      path: process.execPath,
      args: [cliPath, 'exec', ...options, '--', tool.path, ...tool.args],
      environment: {
        ...s3Environment(world),
        OSS_TOKEN_BROKER_URL: BROKER_URL,
        ...tool.environment,
      },
    };
  };
}

const withVariables =
  (variablesOf: (caller: Caller) => Readonly<Record<string, string>>): Way =>
  (world, caller, tool) => ({
    ...tool,
    environment: { ...s3Environment(world), ...variablesOf(caller), ...tool.environment },
  });

/** The tool asks the broker for AssumeRoleWithWebIdentity. */
export const throughWebIdentity = withVariables(
  ({ BROKER_URL = '', GRANT = '', SUBJECT_TOKEN_FILE = '' }) => ({
    AWS_ENDPOINT_URL_STS: BROKER_URL,
    AWS_ROLE_ARN: aliasOf(GRANT),
    AWS_WEB_IDENTITY_TOKEN_FILE: SUBJECT_TOKEN_FILE,
  }),
);

const containerUrl = ({ BROKER_URL = '', GRANT = '' }: Caller) =>
  `${BROKER_URL}/v1/aws-credentials?Grant=${GRANT}`;

/** The tool asks the broker for container credentials, with the subject token in a file. */
export const throughContainer = withVariables((caller) => ({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: containerUrl(caller),
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: caller['SUBJECT_TOKEN_FILE'] ?? '',
}));

/** The same for tools that know no file: the subject token is in a variable. */
export const throughContainerVariable = withVariables((caller) => ({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: containerUrl(caller),
  AWS_CONTAINER_AUTHORIZATION_TOKEN: readFileSync(caller['SUBJECT_TOKEN_FILE'] ?? '', 'utf8'),
}));
