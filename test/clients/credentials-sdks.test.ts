/** The credentials SDKs of three languages: they ask the broker as STS, a credential URL of the broker, and the command line. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { type Cli, createCli } from '../support/cli.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { checkUploads } from './support/check-uploads.ts';
import { EXAMPLES } from './support/install.ts';
import type { Command } from './support/run.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

const python = inject('python');
const go = inject('go');
const java = inject('java');

/** Makes a credential URL with the command line, and starts the program with it. */
const THROUGH_URL = `
ALIBABA_CLOUD_CREDENTIALS_URI=$("$NODE" "$CLI" url --grant "$GRANT" --token-file "$SUBJECT_TOKEN_FILE")
export ALIBABA_CLOUD_CREDENTIALS_URI
exec "$0" "$@"`;

let world: ClientWorld;
let front: TlsFront;
let cli: Cli;
let trustStore: string;

beforeAll(async () => {
  world = await startClientWorld();
  front = await startTlsFront(world.broker.url);
  cli = await createCli();
  if (java !== null) trustStore = createTrustStore();
});

afterAll(async () => {
  await cli.close();
  await front.close();
  await world.close();
});

interface Sdk {
  readonly name: string;
  readonly isThere: boolean;
  /** The program, and how it is told to trust the certificate in front of the broker. */
  command(): Command;
  trust(command: Command): Command;
}

const SDKS: readonly Sdk[] = [
  {
    name: 'alibabacloud-credentials',
    isThere: python !== null,
    command: () => ({
      path: python?.path ?? '',
      args: [join(EXAMPLES, 'python', 'upload_credentials.py')],
      environment: python?.environment ?? {},
    }),
    trust: (command) =>
      withVariables(command, {
        PYTHONPATH: [trustModule(), command.environment['PYTHONPATH']].join(delimiter),
      }),
  },
  {
    name: 'credentials-go',
    isThere: go !== null,
    command: () => ({ path: join(go ?? '', 'credentials'), args: [], environment: {} }),
    trust: (command) => withVariables(command, { SSL_CERT_FILE: front.caFile }),
  },
  {
    name: 'credentials-java',
    isThere: java !== null,
    command: () => ({
      path: java?.path ?? '',
      args: ['upload.UploadWithCredentials'],
      environment: java?.environment ?? {},
    }),
    trust: (command) => ({
      ...command,
      args: [
        `-Djavax.net.ssl.trustStore=${trustStore}`,
        '-Djavax.net.ssl.trustStorePassword=changeit',
        ...command.args,
      ],
    }),
  },
];

function withVariables(command: Command, added: Readonly<Record<string, string>>): Command {
  return { ...command, environment: { ...command.environment, ...added } };
}

/** Java reads certificates from a file of a format of its own. */
function createTrustStore(): string {
  const file = `${front.caFile}.store`;
  const store = ['-keystore', file, '-storepass', 'changeit', '-alias', 'broker'];
  execFileSync('keytool', ['-importcert', '-noprompt', '-file', front.caFile, ...store], {
    stdio: 'ignore',
  });
  return file;
}

/** The SDK for Python trusts what this module names, and nothing else. */
function trustModule(): string {
  const folder = `${front.caFile}.python`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'certifi.py'), `def where():\n    return '${front.caFile}'\n`);
  return folder;
}

describe.each(SDKS.map((sdk) => [sdk.name, sdk] as const))('%s', (name, sdk) => {
  describe.skipIf(!sdk.isThere)('as oidc_role_arn', () => {
    checkUploads(`${name}-oidc`, () => world, {
      hasMultipart: true,
      scheme: 'oss',
      hasOwnRules: true,
      refusal: /NoPermission/,
      command({ GRANT = '', SUBJECT_TOKEN_FILE = '' }, args) {
        const command = sdk.trust(sdk.command());
        return withVariables(
          { ...command, args: [...command.args, ...args] },
          {
            STS_ENDPOINT: front.host,
            ALIBABA_CLOUD_ROLE_ARN: `acs:ram::123456789012:role/${GRANT}`,
            ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::123456789012:oidc-provider/broker',
            ALIBABA_CLOUD_OIDC_TOKEN_FILE: SUBJECT_TOKEN_FILE,
            OSS_REGION: 'cn-hangzhou',
            OSS_ENDPOINT: world.broker.simulator.oss.url,
          },
        );
      },
    });
  });

  describe.skipIf(!sdk.isThere)('as credentials_uri, which exec --renew serves', () => {
    checkUploads(`${name}-uri`, () => world, {
      hasMultipart: true,
      scheme: 'oss',
      hasOwnRules: true,
      command({ BROKER_URL = '', GRANT = '', SUBJECT_TOKEN_FILE = '' }, args) {
        const { path, args: own, environment } = sdk.command();
        const options = ['--renew', '--grant', GRANT, '--token-file', SUBJECT_TOKEN_FILE];
        return {
          path: process.execPath,
          args: [cli.path, 'exec', ...options, '--', path, ...own, ...args],
          environment: { ...environment, OSS_TOKEN_BROKER_URL: BROKER_URL },
        };
      },
    });
  });

  describe.skipIf(!sdk.isThere)('as credentials_uri, a credential URL of the broker', () => {
    checkUploads(`${name}-url`, () => world, {
      hasMultipart: true,
      scheme: 'oss',
      hasOwnRules: true,
      command({ BROKER_URL = '', GRANT = '', SUBJECT_TOKEN_FILE = '' }, args) {
        const { path, args: own, environment } = sdk.command();
        return {
          path: 'bash',
          args: ['-ec', THROUGH_URL, path, ...own, ...args],
          environment: {
            ...environment,
            ...{ NODE: process.execPath, CLI: cli.path, GRANT, SUBJECT_TOKEN_FILE },
            OSS_TOKEN_BROKER_URL: BROKER_URL,
            OSS_REGION: 'cn-hangzhou',
            OSS_ENDPOINT: world.broker.simulator.oss.url,
          },
        };
      },
    });
  });
});
