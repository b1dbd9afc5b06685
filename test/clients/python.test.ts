/** The examples in Python, with the SDKs of PyPI. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { checkUploads, type Example } from './support/check-uploads.ts';
import { EXAMPLES } from './support/install.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

const python = inject('python');
let world: ClientWorld;

beforeAll(async () => {
  world = await startClientWorld();
});

afterAll(() => world.close());

const program = (file: string, hasMultipart = true): Example => ({
  hasMultipart,
  command: (environment, args) => ({
    path: python?.path ?? '',
    args: [join(EXAMPLES, 'python', file), ...args],
    environment: { ...python?.environment, ...environment },
  }),
});

describe.skipIf(python === null)('alibabacloud-oss-v2', () => {
  checkUploads('python', () => world, program('upload.py'));
});

describe.skipIf(python === null)('oss2', () => {
  checkUploads('oss2', () => world, program('upload_oss2.py'));
});

describe.skipIf(python === null)('Python alone', () => {
  checkUploads('stdlib', () => world, {
    hasMultipart: false,
    command: (environment, args) => ({
      path: python?.path ?? '',
      // -S: no package that is installed is seen
      args: ['-S', join(EXAMPLES, 'python', 'upload_stdlib.py'), ...args],
      environment: { PYTHONDONTWRITEBYTECODE: '1', ...environment },
    }),
  });
});
