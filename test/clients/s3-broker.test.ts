/** The same tools, which ask the broker themselves in the two forms of AWS. docs/s3-tools.md says how. */
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { checkDuckDb, checkPythonTools, checkRclone, type S3Check } from './support/check-s3.ts';
import { throughContainer, throughContainerVariable, throughWebIdentity } from './support/s3.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

let world: ClientWorld;

beforeAll(async () => {
  world = await startClientWorld();
});

afterAll(() => world.close());

const check = { python: inject('s3'), world: () => world, refusal: /AccessDenied/ };

describe('by AssumeRoleWithWebIdentity', () => {
  checkPythonTools({ ...check, way: throughWebIdentity, user: 'web' });
});

describe('by container credentials', () => {
  checkPythonTools({ ...check, way: throughContainer, user: 'container' });
});

// one at a time: DuckDB waits a second for the broker, and gives up
describe.sequential('by container credentials with the token in a variable', () => {
  const inVariable: S3Check = { ...check, way: throughContainerVariable, user: 'variable' };
  checkDuckDb(inVariable);
  // that of Debian 12 hides why it has no credential
  checkRclone(inject('rclone'), { ...inVariable, refusal: /NoCredentialProviders/ });
});
