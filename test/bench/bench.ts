/**
 * `npm run bench`: what a request costs, interleaved with servers that do less, as ratios to them.
 * `--only <text>` chooses rows, `--rounds <n>`, `--quick`, `--profile`.
 */
import { fork } from 'node:child_process';
import { COMPARED_WITH } from './goals.ts';
import { type GroupName, rowsOf } from './groups.ts';
import { type MeasuredGroup, measureGroup } from './measure-group.ts';
import { measureMemory } from './memory.ts';
import { readOptions } from './options.ts';
import { describeResult, writeResult } from './report.ts';
import { signTokens } from './requests.ts';
import { startServerOf } from './run-row.ts';
import { buildScripts } from './scripts.ts';
import type { Setup } from './setup.ts';
import { startSurroundings } from './surroundings.ts';

const SUBJECTS = 200_000;
const QUICK_SCALE = 0.5;
const QUICK_SUBJECTS = SUBJECTS / 10;
const CONFIG = { grants: 10, limited: false };

const options = readOptions(process.argv.slice(2));
const { only, rounds, quick, profile } = options;
const scripts = await buildScripts();
const client = fork(scripts.client, { serialization: 'advanced' });
const around = await startSurroundings(scripts.sts);
const answer = await askBroker();
const context = { scripts, around, answer };

const requests = await measure('requests');
const connections = await measure('connections');
const grants = await measure('grants');
const memory = isWanted('memory') ? await measureBrokerMemory() : [];

const result = {
  options,
  groups: { requests: requests.rows, connections: connections.rows, grants: grants.rows },
  memory,
  profiles: new Map([...requests.profiles, ...connections.profiles, ...grants.profiles]),
};
process.stdout.write(describeResult(result));
writeResult(result);
client.kill();
around.sts.close();

function isWanted(name: string): boolean {
  return only.length === 0 || only.some((text) => name.includes(text));
}

async function measure(group: GroupName): Promise<MeasuredGroup> {
  const all = rowsOf(group, around, quick ? QUICK_SCALE : 1);
  if (!all.some(({ name }) => isWanted(name))) return { rows: [], profiles: new Map() };
  const rows = all.filter(({ name }) => isWanted(name) || COMPARED_WITH.has(name));
  const tell = tellOf(group);
  return measureGroup(rows, { context, client, rounds, profile, tell });
}

async function measureBrokerMemory() {
  const server = await startServerOf({ server: 'broker', config: CONFIG }, context);
  const subjects = quick ? QUICK_SUBJECTS : SUBJECTS;
  const tell = tellOf('memory');
  const measured = await measureMemory({ server, client, around, subjects, tell });
  server.close();
  return measured;
}

/** A real answer of the broker, without the headers that node:http adds to every answer. */
async function askBroker(): Promise<Setup['answer']> {
  const nothing = { headers: {}, body: '' };
  const wanted = { server: 'broker', config: CONFIG } as const;
  const server = await startServerOf(wanted, { scripts, around, answer: nothing });
  const key = around.keys.ES256;
  const [token] = signTokens({ key, count: 1, subjectOf: () => 'user-000' });
  const response = await fetch(`http://127.0.0.1:${server.port}/v1/credentials`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const body = await response.text();
  server.close();
  if (response.status !== 200) throw new Error(`the broker answered ${response.status}: ${body}`);
  const headers = new Headers(response.headers);
  for (const name of ['connection', 'date', 'keep-alive']) headers.delete(name);
  return { headers: Object.fromEntries(headers), body };
}

function tellOf(part: string): (progress: string) => void {
  return (progress) => process.stderr.write(`${part}: ${progress}\n`);
}
