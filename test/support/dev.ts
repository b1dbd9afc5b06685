/** Starts `npm run dev` as a process of its own, and reads what it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type OSS from 'ali-oss';
import { readClaimItems } from '../../simulator/issuer/claims-text.ts';
import { toObject } from './declared.ts';
import { createOssClient, credentialOf } from './oss-client.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Ends what it prints at its start. */
const LAST_LINE = 'Ctrl+C stops everything';

export interface RunningDev {
  /** What it printed at its start. */
  readonly text: string;
  /** What can be pasted into a shell. */
  readonly walk: string;
  readonly brokerUrl: string;
  readonly issuersUrl: string;
  /** Everything that it printed up to now. */
  said(): string;
  /** What it told the operator up to now. */
  told(): string;
  /** Asks for a token as `npm run dev:token` does, and in the same words, but starts no process. */
  token(...args: readonly string[]): Promise<string>;
  /** Prints a token with `npm run dev:token`; throws what it says instead. */
  printToken(...args: readonly string[]): Promise<string>;
  /** Asks the broker for a credential. */
  ask(token: string, query?: string): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

/** A real client for the bucket, with the credential of an answer of the broker. */
export function devClient(answer: Readonly<Record<string, unknown>>, bucket: string): OSS {
  const targets: unknown = toObject(answer['Grant'])['Targets'];
  const [target] = Array.isArray(targets) ? targets : [];
  const { Endpoint, Region } = toObject(target);
  // Node does not find what is below localhost on every machine
  const endpoint = String(Endpoint).replace('localhost', '127.0.0.1');
  const settings = { bucket, region: `oss-${String(Region)}`, authorizationV4: true };
  return createOssClient(endpoint, credentialOf(answer), settings);
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of package.json to its end, without npm. */
export async function runScript(name: string, args: readonly string[]): Promise<Ended> {
  const script = startScript(name, args);
  const code = await new Promise<number | null>((resolve) => script.child.once('close', resolve));
  return { code, stdout: script.stdout(), stderr: script.stderr() };
}

/** Starts it. Throws what it says if it ends instead. */
export async function startDev(args: readonly string[] = []): Promise<RunningDev> {
  const { child, stdout, stderr } = startScript('dev', args);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => stdout().includes(LAST_LINE) && resolve());
    child.once('close', () => reject(new Error(`it ended: ${stdout()}${stderr()}`)));
  });
  const text = stdout();
  const urlOf = (name: string) => new RegExp(`^ *${name} +(\\S+)`, 'm').exec(text)?.[1] ?? '';
  const issuersUrl = urlOf('issuers');
  const brokerUrl = urlOf('broker');
  return {
    text,
    walk: /Paste these[^\n]*\n([\s\S]*)\n[^\n]*Ctrl\+C/.exec(text)?.[1] ?? '',
    brokerUrl,
    issuersUrl,
    said: stdout,
    told: stderr,
    token: (...args) => askForToken(`${issuersUrl}/tokens`, args),
    async printToken(...items) {
      const port = new URL(issuersUrl).port;
      const ended = await runScript('dev:token', ['--port', port, ...items]);
      if (ended.code !== 0) throw new Error(ended.stderr);
      return ended.stdout.trimEnd();
    },
    async ask(token, query = '') {
      const headers = { Authorization: `Bearer ${token}` };
      const response = await fetch(`${brokerUrl}/v1/credentials${query}`, { headers });
      return toObject(await response.json());
    },
    async close() {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill();
      await closed;
    },
  };
}

async function askForToken(url: string, args: readonly string[]): Promise<string> {
  const [issuer, items] = args[0] === '--issuer' ? [args[1], args.slice(2)] : [undefined, args];
  const reading = readClaimItems(items);
  if (!reading.ok) throw new Error(reading.problem);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ issuer, claims: reading.claims }),
  });
  const { token, problem } = toObject(await response.json());
  if (typeof token !== 'string') throw new Error(String(problem));
  return token;
}

interface StartedScript {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

function startScript(name: string, args: readonly string[]): StartedScript {
  const { scripts } = toObject(JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')));
  const [, script = ''] = /^tsx (\S+)$/.exec(String(toObject(scripts)[name])) ?? [];
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return { child, stdout: () => stdout, stderr: () => stderr };
}
