/** The examples in Go, with the SDKs of the Go module proxy. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { checkUploads } from './support/check-uploads.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

const programs = inject('go');
let world: ClientWorld;

beforeAll(async () => {
  world = await startClientWorld();
});

afterAll(() => world.close());

describe.skipIf(programs === null)('alibabacloud-oss-go-sdk-v2', () => {
  checkUploads('go', () => world, {
    hasMultipart: true,
    command: (environment, args) => ({ path: join(programs ?? '', 'upload'), args, environment }),
  });
});
