/** The provider of the Android example, compiled from Kotlin and called by the SDK's own classes, on a JVM without Android. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../programs/program.ts';
import { run } from './support/run.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

const java = inject('android');
let world: ClientWorld;

beforeAll(async () => {
  world = await startClientWorld();
});

afterAll(() => world.close());

function ask(environment: Readonly<Record<string, string>>) {
  const args = [join(ROOT, 'test/clients/android/Ask.java')];
  return run({
    path: java?.path ?? '',
    args,
    environment: { ...java?.environment, ...environment },
  });
}

describe.skipIf(java === null)('OSSFederationCredentialProvider', () => {
  it('gets a credential with the expiration that the broker wrote', async () => {
    const program = ask(await world.environmentOf('phone'));
    program.write('');
    const { code, stdout, stderr } = await program.end();
    const [line] = world.broker.auditLines().filter(({ subject }) => subject === 'phone');
    const seconds = Date.parse(String(line?.['expiration'])) / 1000;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toEqual([`${line?.['accessKeyId']} ${seconds}`]);
  });

  it('tells the code of a refusal, and nothing of the subject token', async () => {
    const environment = await world.environmentOf('phone-refused');
    const program = ask({ ...environment, GRANT: 'no-such-grant' });
    program.write('');
    const { code, stdout, stderr } = await program.end();

    expect(code).not.toBe(0);
    expect(stdout).toEqual([]);
    expect(stderr).toContain('ClientException: the broker refuses: no_grant');
    expect(stderr).not.toContain('eyJ');
  });
});
