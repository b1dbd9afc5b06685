/** Uses the simulated OSS with the AWS SDK in a process of its own, which gets all it needs from its environment. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { toObject } from './declared.ts';

/** Runs the program with these variables and no others, so that no profile of this machine counts. */
export async function useS3(user: string, environment: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/use-s3.ts', user], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (!out.startsWith('{')) throw new Error(errors);
  return toObject(JSON.parse(out));
}
