/** Source credentials from outside the process: instance metadata, a credentials URI, a file, a program. */
import { readFile, stat } from 'node:fs/promises';
import type { EcsRamRoleSettings } from '../config/source-credentials-settings.ts';
import { parseCredentialJson } from './credential-json.ts';
import { loadCredentialLibrary, loadThroughLibrary } from './library.ts';
import { codeOfSystemError, LoadError } from './load-error.ts';
import type { Environment, SourceCredentials } from './source-credentials.ts';
import type { Exchange } from './transport.ts';

/** The metadata service is on the same machine. */
const METADATA_TIMEOUT_MS = 1000;
const URI_TIMEOUT_MS = 5000;
const MAX_OUTPUT_BYTES = 65_536;

/** The session of the instance's role, in ECS, ECI and on the workers of ACK. Throws LoadErrors. */
export async function loadInstanceRole(
  settings: EcsRamRoleSettings,
  environment: Environment,
  exchange: Exchange,
): Promise<SourceCredentials> {
  if (isTrue(environment['ALIBABA_CLOUD_ECS_METADATA_DISABLED'])) {
    throw new LoadError('ALIBABA_CLOUD_ECS_METADATA_DISABLED forbids it');
  }
  const roleName = settings.roleName ?? environment['ALIBABA_CLOUD_ECS_METADATA'];
  const onlyV2 = settings.onlyMetadataV2 ?? isTrue(environment['ALIBABA_CLOUD_IMDSV1_DISABLED']);
  const { ECSRAMRoleCredentialsProvider } = await loadCredentialLibrary();
  const builder = ECSRAMRoleCredentialsProvider.builder().withDisableIMDSv1(onlyV2);
  if (roleName) builder.withRoleName(roleName);
  return loadThroughLibrary({
    provider: builder.build(),
    exchange,
    timeoutMs: METADATA_TIMEOUT_MS,
    asked: 'the metadata service',
  });
}

/** What a credentials URI answers. Throws LoadErrors, none of which holds the URI: it may be a secret. */
export async function loadCredentialsUri(
  uri: string | undefined,
  environment: Environment,
  exchange: Exchange,
): Promise<SourceCredentials> {
  const address = uri ?? environment['ALIBABA_CLOUD_CREDENTIALS_URI'];
  if (!address)
    throw new LoadError('there is no uri, and ALIBABA_CLOUD_CREDENTIALS_URI is not set');
  const protocol = URL.canParse(address) ? new URL(address).protocol : '';
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new LoadError('its address is neither http nor https');
  }
  const { URICredentialsProvider } = await loadCredentialLibrary();
  return loadThroughLibrary({
    provider: URICredentialsProvider.builder().withCredentialsURI(address).build(),
    exchange,
    timeoutMs: URI_TIMEOUT_MS,
    asked: 'the credentials URI',
  });
}

/** A JSON file with credentials. Throws LoadErrors. */
export async function loadCredentialFile(path: string): Promise<SourceCredentials> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new LoadError(`the file cannot be read${toDetail(error)}`);
  });
  return parseCredentialJson(text);
}

/** Changes whenever the file is written to or replaced, as Kubernetes replaces mounted secrets. */
export async function readFileVersion(path: string): Promise<string> {
  const { mtimeNs, size, ino } = await stat(path, { bigint: true });
  return `${mtimeNs}.${size}.${ino}`;
}

/**
 * What a program prints, in the form of the OSS SDKs or of the CLI's `External` mode. There is no
 * shell, and what it writes to standard error goes nowhere. Throws LoadErrors.
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
  return `the program cannot be run${toDetail(error)}`;
}

function toDetail(error: unknown): string {
  const code = codeOfSystemError(error);
  return code === undefined ? '' : ` (${code})`;
}

export function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}
