/** The examples in Go, with the SDKs of the Go module proxy. ossutil 2 is made with the OSS SDK, and reads what a process prints as it does. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { type Cli, createCli } from '../support/cli.ts';
import { checkUploads } from './support/check-uploads.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

const programs = inject('go');
let world: ClientWorld;
let cli: Cli;

beforeAll(async () => {
  world = await startClientWorld();
  cli = await createCli();
});

afterAll(async () => {
  await cli.close();
  await world.close();
});

describe.skipIf(programs === null)('alibabacloud-oss-go-sdk-v2', () => {
  checkUploads('go', () => world, {
    hasMultipart: true,
    command: (environment, args) => ({ path: join(programs ?? '', 'upload'), args, environment }),
  });
});

describe.skipIf(programs === null)('a process that prints a credential for ossutil', () => {
  checkUploads('go-process', () => world, {
    hasMultipart: true,
    scheme: 'oss',
    hasOwnRules: true,
    // the SDK does not show what the process says
    refusal: /exit status [1-9]/,
    command: ({ BROKER_URL = '', GRANT = '', SUBJECT_TOKEN_FILE = '' }, args) => ({
      path: join(programs ?? '', 'process'),
      args,
      environment: {
        CREDENTIAL_PROCESS: `'${process.execPath}' '${cli.path}' get --format ossutil --grant ${GRANT} --token-file '${SUBJECT_TOKEN_FILE}'`,
        OSS_TOKEN_BROKER_URL: BROKER_URL,
        OSS_REGION: 'cn-hangzhou',
        OSS_ENDPOINT: world.broker.simulator.oss.url,
      },
    }),
  });
});
