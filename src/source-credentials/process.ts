/** Loads source credentials from the standard output of a program. */
import type { SourceCredentials } from '../ports.ts';
import { parseCredentialJson } from './credential-json.ts';
import type { Environment } from './environment.ts';
import { LoadError, withCode } from './load-error.ts';

const MAX_OUTPUT_BYTES = 65_536;

/**
 * Runs the program once, without a shell. Accepts the JSON of the OSS SDKs and of the CLI's `External`
 * mode. Drops standard error. Throws LoadErrors.
 */
export async function loadFromProcess(
  [program, ...parameters]: readonly [string, ...string[]],
  environment: Environment,
  signal: AbortSignal,
): Promise<SourceCredentials> {
  const { execFile } = await import('node:child_process');
  const output = await new Promise<string>((resolve, reject) => {
    const options = {
      env: environment,
      maxBuffer: MAX_OUTPUT_BYTES,
      signal,
      killSignal: 'SIGKILL', // a program that hangs may ignore other signals
    } as const;
    execFile(program, parameters, options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new LoadError(describeEnd(error)));
    });
  });
  return parseCredentialJson(output);
}

/** Describes how a program ended. The message of the error is not used: it quotes command line and output. */
function describeEnd(
  error: Error & { readonly code?: unknown; readonly signal?: unknown },
): string {
  const { code, signal } = error;
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return `the program printed more than ${MAX_OUTPUT_BYTES} bytes`;
  if (typeof code === 'number') return `the program ended with exit code ${code}`;
  if (typeof signal === 'string') return `the program was killed by ${signal}`;
  return withCode('the program cannot be run', error);
}
