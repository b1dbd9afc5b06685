/** The examples in Java, with the SDKs of Maven Central. */
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { checkUploads } from './support/check-uploads.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

const java = inject('java');
let world: ClientWorld;

beforeAll(async () => {
  world = await startClientWorld();
});

afterAll(() => world.close());

describe.skipIf(java === null)('aliyun-sdk-oss', () => {
  checkUploads('java', () => world, {
    hasMultipart: true,
    command: (environment, args) => ({
      path: java?.path ?? '',
      args: ['upload.Upload', ...args],
      environment: { ...java?.environment, ...environment },
    }),
  });
});
