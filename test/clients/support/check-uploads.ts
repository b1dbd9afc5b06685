/** What every example that uploads must do, in whatever language: the same tests for each. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Command, run } from './run.ts';
import { type ClientWorld, CREDENTIAL_SECONDS, LARGE_BYTES } from './world.ts';

export interface Example {
  /** Starts it for the caller of this environment, with these arguments. */
  command(environment: Readonly<Record<string, string>>, args: readonly string[]): Command;
  /** Whether it sends large files in parts. */
  readonly hasMultipart: boolean;
  /** It is told where to upload, with this scheme; otherwise it takes the target of the broker's answer. */
  readonly scheme?: 's3' | 'oss';
  /** When it renews is decided by an SDK, and not by `RefreshAfter`. The SDK may write about that. */
  readonly hasOwnRules?: boolean;
  /** How it tells a refusal of the broker. By default it has the code and the request id. */
  readonly refusal?: RegExp;
}

/** `RefreshAfter` lies at four fifths of the life. A second is lost to each of the two instants, which are whole. */
const RENEWS_AFTER_MS = (CREDENTIAL_SECONDS * 0.8 - 2) * 1000;

/** A line that the examples print. */
const isOfProgram = (line: string) => /^(?:uploaded|read) /.test(line);

/** Declares the tests. `user` is the subject, which no other example may have. */
export function checkUploads(user: string, world: () => ClientWorld, example: Example): void {
  const { command, hasMultipart, scheme, hasOwnRules = false, refusal = /no_grant/ } = example;
  const place = (of: string) => `${scheme ?? 'oss'}://app-media/users/${of}/`;
  const own = (of: string) => (scheme === undefined ? [] : [place(of)]);
  const key = (name: string) => `users/${user}/${name}`;

  it('puts a small and a large file, lists, reads, and renews its credential in time', async () => {
    const { broker, environmentOf, folder } = world();
    const startedAt = Date.now();
    const program = run(command(await environmentOf(user), own(user)));
    program.write(join(folder, 'small.txt'));
    await program.line(`uploaded ${key('small.txt')}`);
    await new Promise((resolve) => setTimeout(resolve, CREDENTIAL_SECONDS * 1000));
    program.write(join(folder, 'large.bin'));
    await program.line(`uploaded ${key('large.bin')}`);
    const { code, stdout, stderr } = await program.end();
    const calls = broker.simulator.oss.calls.filter((call) => call.key.startsWith(key('')));

    expect({ code, stderr: code === 0 && hasOwnRules ? '' : stderr }).toEqual({
      code: 0,
      stderr: '',
    });
    expect(stdout.filter(isOfProgram).slice(2)).toEqual([
      `read ${key('large.bin')} ${LARGE_BYTES}`,
      `read ${key('small.txt')} 5`,
    ]);
    expect(calls.filter(({ status }) => status >= 400 && status !== 404)).toEqual([]);
    // one begins a multipart upload, and one completes it
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(hasMultipart ? 2 : 0);
    const keys = new Set(calls.map(({ accessKeyId }) => accessKeyId));
    const asked = broker.auditLines().filter(({ subject }) => subject === user).length;
    const renewals = (Date.now() - startedAt) / RENEWS_AFTER_MS;
    expect(keys.size).toBeGreaterThanOrEqual(2);
    // it holds a credential as long as it is good
    if (!hasOwnRules) expect(asked).toBeLessThanOrEqual(1 + Math.floor(renewals));
  });

  it('cannot write below the prefix of a neighbour', async () => {
    const { broker, environmentOf, folder } = world();
    const neighbour = `${user}-neighbour`;
    const environment = await environmentOf(`${user}-curious`);
    const program = run(command(environment, [place(neighbour)]));
    program.write(join(folder, 'small.txt'));
    const { code, stdout, stderr } = await program.end();
    const calls = broker.simulator.oss.calls.filter((call) => call.key.includes(neighbour));

    expect(code).not.toBe(0);
    expect(stdout.filter(isOfProgram)).toEqual([]);
    expect(stderr).toContain('AccessDenied');
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.map(({ status }) => status)).toEqual(calls.map(() => 403));
  });

  it('tells the code of a refusal, and nothing of the subject token', async () => {
    const { broker, environmentOf, folder } = world();
    const environment = await environmentOf(`${user}-refused`);
    const program = run(command({ ...environment, GRANT: 'no-such-grant' }, own(user)));
    program.write(join(folder, 'small.txt'));
    const { code, stdout, stderr } = await program.end();
    const [line] = broker.auditLines().filter(({ subject }) => subject === `${user}-refused`);

    expect(code).not.toBe(0);
    expect(stdout.filter(isOfProgram)).toEqual([]);
    expect(stderr).toMatch(refusal);
    if (example.refusal === undefined) expect(stderr).toContain(String(line?.['requestId']));
    expect(line?.['decision']).toBe('refused');
    expect(stderr).not.toContain('eyJ');
  });
}
