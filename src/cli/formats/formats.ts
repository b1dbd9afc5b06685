/** Every form in which `get` gives a credential, by its name. */
import type { Credential } from '../broker/credential.ts';
import { awsCredentialsFile, ossutilConfigFile } from './config-files.ts';
import { shellCommands } from './shells.ts';
import { credentialVariables } from './variables.ts';

export interface Format {
  /** What the format is, for the help. */
  readonly text: string;
  readonly render: (credential: Credential, profile: string) => string;
  /** True if a line of a file can be a comment that begins with `#`. */
  readonly hasComments: boolean;
  /** True if clients read it from a file only. */
  readonly isFile?: true;
}

export const FORMATS: Readonly<Record<string, Format>> = {
  json: {
    text: 'the whole answer of the broker',
    hasComments: false,
    render: ({ answer }) => json(answer),
  },
  sh: {
    text: 'commands for sh, bash and zsh that set environment variables',
    hasComments: true,
    render: (credential) => shellCommands('sh', credentialVariables(credential)),
  },
  fish: {
    text: 'the same for fish',
    hasComments: true,
    render: (credential) => shellCommands('fish', credentialVariables(credential)),
  },
  powershell: {
    text: 'the same for PowerShell',
    hasComments: true,
    render: (credential) => shellCommands('powershell', credentialVariables(credential)),
  },
  ossutil: {
    text: 'what ossutil and the Go SDK of OSS read from a process',
    hasComments: false,
    render: (credential) =>
      json({
        AccessKeyId: credential.accessKeyId,
        AccessKeySecret: credential.accessKeySecret,
        SecurityToken: credential.securityToken,
        Expiration: credential.expiration,
      }),
  },
  aliyun: {
    text: 'what the aliyun CLI reads in mode External',
    hasComments: false,
    render: (credential) =>
      json({
        mode: 'StsToken',
        access_key_id: credential.accessKeyId,
        access_key_secret: credential.accessKeySecret,
        sts_token: credential.securityToken,
        expiration: credential.expiration,
      }),
  },
  aws: {
    text: 'what AWS SDKs read from a credential_process',
    hasComments: false,
    // https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    render: (credential) =>
      json({
        Version: 1,
        AccessKeyId: credential.accessKeyId,
        SecretAccessKey: credential.accessKeySecret,
        SessionToken: credential.securityToken,
        Expiration: credential.expiration,
      }),
  },
  'ossutil-file': {
    text: 'a configuration file of ossutil 2; needs --output',
    render: ossutilConfigFile,
    hasComments: true,
    isFile: true,
  },
  'aws-file': {
    text: 'a shared credentials file of AWS SDKs; needs --output',
    render: awsCredentialsFile,
    hasComments: true,
    isFile: true,
  },
};

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
