/** The two providers of the Android SDK, on a JVM without Android: with the example, compiled from Kotlin, and at a credential URL. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../programs/program.ts';
import { startAnswering } from '../support/cli.ts';
import { makeUrl } from '../support/credential-urls.ts';
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

  it('tells of an answer that is not from the broker', async () => {
    const proxy = await startAnswering(() => ({ status: 200, body: '<html>maintenance</html>' }));
    const program = ask({ ...(await world.environmentOf('phone')), BROKER_URL: proxy.url });
    program.write('');
    const { code, stderr } = await program.end();
    await proxy.close();

    expect(code).not.toBe(0);
    expect(stderr).toContain('ClientException: the broker refuses: status 200');
  });

  it('follows no redirect with the subject token', async () => {
    const other = await startAnswering(() => ({ status: 403, body: {} }));
    const broker = await startAnswering(() => ({ status: 302, headers: { location: other.url } }));
    const program = ask({ ...(await world.environmentOf('phone')), BROKER_URL: broker.url });
    program.write('');
    const { code, stderr } = await program.end();
    await Promise.all([other.close(), broker.close()]);

    expect(code).not.toBe(0);
    expect(stderr).toContain('ClientException: the broker refuses: status 302');
    expect(broker.requests).toHaveLength(1);
    expect(other.requests).toEqual([]);
  });
});

describe.skipIf(java === null)('OSSAuthCredentialsProvider', () => {
  it('gets a credential at a credential URL, and tells the code of a refusal', async () => {
    const made = await makeUrl(world.broker, {
      claims: { sub: 'phone-url' },
      body: { Grant: 'user-files', For: 'mobile-sdk', Uses: 1 },
    });
    const environment = { CREDENTIAL_URL: String(made.body['Url']) };
    const first = ask(environment);
    first.write('');
    const granted = await first.end();
    const second = ask(environment);
    second.write('');
    const refused = await second.end();
    const line = world.broker
      .auditLines()
      .find(({ subject, accessKeyId }) => subject === 'phone-url' && accessKeyId !== undefined);
    const seconds = Date.parse(String(line?.['expiration'])) / 1000;

    expect([granted.code, granted.stderr]).toEqual([0, '']);
    expect(granted.stdout).toEqual([`${line?.['accessKeyId']} ${seconds}`]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('ErrorCode: credential_url_used_up');
  });
});
