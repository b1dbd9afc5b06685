/** Source credentials from the standard output of a program. */
import type { SourceCredentials } from '../ports.ts';
import { parseCredentialJson } from './credential-json.ts';
import type { Environment } from './environment.ts';
import { LoadError, withCode } from './load-error.ts';

const MAX_OUTPUT_BYTES = 65_536;

/**
 * Runs the program once, without a shell. It prints the form of the OSS SDKs or of the CLI's
 * `External` mode; its standard error is dropped. Throws LoadErrors.
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
      killSignal: 'SIGKILL', // one that hangs may not listen to anything milder
    } as const;
    execFile(program, parameters, options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new LoadError(describeEnd(error)));
    });
  });
  return parseCredentialJson(output);
}

/** How a program ended; the message of the error would quote its command line and output. */
function describeEnd(
  error: Error & { readonly code?: unknown; readonly signal?: unknown },
): string {
  const { code, signal } = error;
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'the program printed too much';
  if (typeof code === 'number') return `the program ended with exit code ${code}`;
  if (typeof signal === 'string') return `the program was ended by ${signal}`;
  return withCode('the program cannot be run', error);
}
