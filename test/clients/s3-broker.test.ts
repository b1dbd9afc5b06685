/** The same tools, which ask the broker themselves in the two forms of AWS. docs/s3-tools.md says how. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../programs/program.ts';
import {
  checkDuckDb,
  checkPythonTools,
  checkRclone,
  type S3Check,
  type Settings,
} from './support/check-s3.ts';
import { run } from './support/run.ts';
import {
  S3_ENDPOINT,
  s3File,
  throughContainer,
  throughContainerVariable,
  throughWebIdentity,
} from './support/s3.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

const python = inject('s3');
let world: ClientWorld;

beforeAll(async () => {
  world = await startClientWorld();
});

afterAll(() => world.close());

const check = { python, world: () => world, refusal: /AccessDenied/ };

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
  const ofRclone = { ...inVariable, refusal: /NoCredentialProviders/ };
  checkRclone(inject('rclone'), ofRclone, rcloneVariables());
});

/** Those of the page. Only the endpoint has no TLS. */
function rcloneVariables(): Settings {
  const page = readFileSync(join(ROOT, 'docs/s3-tools.md'), 'utf8');
  const found = [...page.matchAll(/\b(RCLONE_CONFIG_[A-Z_]+)=(\S+)/g)];
  const variables = found.map(([, name = '', value = '']) => [name, value]);
  const environment = { ...Object.fromEntries(variables), RCLONE_CONFIG_OSS_ENDPOINT: S3_ENDPOINT };
  return { args: ['--config', '', '--s3-no-check-bucket'], environment };
}

// botocore counts a credential as stale 15 minutes before its end
describe.skipIf(python === null)('boto3 with real durations', () => {
  it.each([
    { seconds: 3600, asksOnce: true },
    { seconds: 900, asksOnce: false },
  ])(
    'with a credential of $seconds seconds asks once: $asksOnce',
    async ({ seconds, asksOnce }) => {
      const long = await startClientWorld(seconds);
      const caller = await long.environmentOf('long', {
        exp: Math.floor(Date.now() / 1000) + 7200,
      });
      const tool = {
        path: python?.path ?? '',
        args: [s3File('upload.py'), 's3://app-media/users/long/'],
        environment: python?.environment ?? {},
      };
      const command = throughContainer(long, caller, tool);
      const url = `${command.environment['AWS_CONTAINER_CREDENTIALS_FULL_URI']}&DurationSeconds=${seconds}`;
      const program = run({
        ...command,
        environment: { ...command.environment, AWS_CONTAINER_CREDENTIALS_FULL_URI: url },
      });
      program.write(join(long.folder, 'small.txt'));
      const { code, stdout } = await program.end();
      const asked = long.broker.auditLines().length;
      const requests = long.broker.simulator.oss.calls.length;
      await long.close();

      expect([code, stdout.length]).toEqual([0, 2]);
      expect(requests).toBe(3);
      if (asksOnce) expect(asked).toBe(1);
      else expect(asked).toBeGreaterThan(requests);
    },
  );
});
