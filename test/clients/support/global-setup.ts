/** Installs the clients that the chosen tests start, and names in one line each what could not be had. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { Program } from '../../programs/program.ts';
import {
  installAndroid,
  installGo,
  installJava,
  installPython,
  installRclone,
  installWechat,
} from './toolchains.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** null where they could not be installed. */
    python: Program | null;
    /** The folder of the programs. */
    go: string | null;
    java: Program | null;
    s3: Program | null;
    rclone: Program | null;
    /** The folder with the packages. */
    wechat: string | null;
    android: Program | null;
  }
}

const CLIENTS = [
  {
    key: 'python',
    name: 'the Python SDKs',
    install: () => installPython('python'),
    needs: 'python3 with pip, and PyPI',
  },
  {
    key: 'go',
    name: 'the Go SDKs',
    install: installGo,
    needs: 'go, and the Go module proxy',
  },
  {
    key: 'java',
    name: 'the Java SDKs',
    install: installJava,
    needs: 'java, Maven, and Maven Central',
  },
  {
    key: 'android',
    name: 'the Android SDK',
    install: installAndroid,
    needs: 'a JDK, Maven, and Maven Central',
  },
  {
    key: 's3',
    name: 'boto3, s3fs, DuckDB and the aws CLI',
    install: () => installPython('s3'),
    needs: 'python3 with pip, and PyPI',
  },
  { key: 'wechat', name: 'crypto-js', install: installWechat, needs: 'npm and its registry' },
  { key: 'rclone', name: 'rclone', install: installRclone, needs: 'apt-get and Debian' },
] as const;

/** No registry has them, so that they are missing everywhere. docs/callers.md says what is tested instead. */
const NEVER_RUN =
  'NEVER RUN: uploads on Android, iOS, WeChat itself, ossutil 2, the aliyun CLI, the platforms of CI, a cluster';

/** Vitest calls it once, before any test, and calls what it returns after all of them. */
export async function setup(project: TestProject): Promise<() => void> {
  const files = project.vitest.state.getPaths();
  const missing: string[] = [];
  await Promise.all(
    CLIENTS.map(async ({ key, name, install, needs }) => {
      const users = files.filter((file) => readFileSync(file, 'utf8').includes(`inject('${key}')`));
      if (users.length === 0) return;
      const installed = await install().catch((error: unknown) => {
        const tests = users.map((file) => relative(project.config.root, file)).join(', ');
        const reason = error instanceof Error ? error.message : String(error);
        const line = `NOT TESTED: ${tests}: ${name} could not be installed: ${reason}. They need ${needs}.`;
        missing.push(line.replace(/\s+/g, ' '));
        return null;
      });
      project.provide(key, installed);
    }),
  );
  if (process.env['SKIP_NOTHING'] === '1' && missing.length > 0)
    throw new Error(missing.join('\n'));
  return () => {
    process.stderr.write(`${NEVER_RUN}\n`);
    for (const line of missing) process.stderr.write(`${line}\n`);
  };
}
