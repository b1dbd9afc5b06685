/** Runs shell snippets as they stand, in a folder of their own; what cannot run here is recorded instead. */
import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ShellCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface ShellRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Calls of programs that were recorded, in their order. */
  readonly calls: readonly ShellCall[];
}

/** What needs an account, the network or minutes. */
const RECORDED = ['npm', 'node', 's', 'aliyun', 'ossutil', 'aws', 'rclone'];
const TIMEOUT_MS = 20_000;

const RECORDER = `#!${process.execPath}
const [, path, ...args] = process.argv;
const name = require('node:path').basename(path);
const line = JSON.stringify({ name, args, environment: process.env });
require('node:fs').appendFileSync(process.env.RECORDED_CALLS, line + '\\n');
`;

/** Programs that the text calls and this machine does not have; none where a skip is a failure. */
export function missingPrograms(text: string): readonly string[] {
  if (process.env['SKIP_NOTHING'] === '1') return [];
  return ['bash', 'curl', 'jq'].filter(
    (name) =>
      (name === 'bash' || new RegExp(`\\b${name} `).test(text)) &&
      spawnSync(name, ['--version']).error !== undefined,
  );
}

/** What stands behind an option of a call. */
export function optionOf(args: readonly string[], name: string): string | undefined {
  return args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
}

/** Why bash cannot read the text; empty if it can. */
export function syntaxProblem(text: string): string {
  return spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' }).stderr;
}

/** Runs the text with bash. The environment holds nothing but `PATH`, `HOME` and what is given. */
export async function runShell(
  text: string,
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    /** By name, in the folder where the text runs. */
    readonly files?: Readonly<Record<string, string>>;
    /** Where the text runs. It stays there. Absent: a folder of its own. */
    readonly folder?: string;
    /** Programs that run instead of being recorded. */
    readonly real?: readonly string[];
    /** Further programs, by name, and where they are. */
    readonly programs?: Readonly<Record<string, string>>;
  } = {},
): Promise<ShellRun> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'snippet-'));
  const calls = join(folder, '.calls');
  rmSync(calls, { force: true });
  for (const name of RECORDED.filter((program) => options.real?.includes(program) !== true)) {
    writeFileSync(join(folder, name), RECORDER);
    chmodSync(join(folder, name), 0o755);
  }
  for (const [name, path] of Object.entries(options.programs ?? {})) {
    symlinkSync(path, join(folder, name));
  }
  for (const [name, content] of Object.entries(options.files ?? {})) {
    writeFileSync(join(folder, name), content);
  }
  const environment = {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    RECORDED_CALLS: calls,
    ...options.environment,
  };
  try {
    const run = await runBash(text, folder, environment);
    return { ...run, calls: existsSync(calls) ? readCalls(readFileSync(calls, 'utf8')) : [] };
  } finally {
    if (options.folder === undefined) rmSync(folder, { recursive: true });
  }
}

function runBash(
  text: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Omit<ShellRun, 'calls'>> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', text], { cwd, env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      resolve({ code, stdout, stderr });
    });
  });
}

function readCalls(text: string): readonly ShellCall[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
