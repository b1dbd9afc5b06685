/** The memory of a broker after many subjects, each with its own credential. */
import type { ChildProcess } from 'node:child_process';
import { askProcess } from './ask-process.ts';
import type { ClientMessage } from './client.ts';
import { newSubjectOf, requestFor, signTokens } from './requests.ts';
import type { ServerProcess } from './server-process.ts';
import type { Surroundings } from './surroundings.ts';

export interface MemoryAfter {
  readonly subjects: number;
  readonly residentMiB: number;
  /** After a full garbage collection. */
  readonly heapMiB: number;
}

const SUBJECTS_PER_LOAD = 5000;
const STEPS = 4;
const CONNECTIONS = 64;

/** Asks for a credential for each of so many new subjects, and measures at every quarter. */
export async function measureMemory(options: {
  readonly server: ServerProcess;
  readonly client: ChildProcess;
  readonly around: Surroundings;
  readonly subjects: number;
  readonly tell: (progress: string) => void;
}): Promise<readonly MemoryAfter[]> {
  const { server, client, around, subjects, tell } = options;
  const ask = (message: ClientMessage) => askProcess<object>(client, message);
  const key = around.keys.ES256;
  const measured: MemoryAfter[] = [];
  await ask({ kind: 'open', port: server.port, connections: CONNECTIONS });
  for (let done = 0; done <= subjects; done += SUBJECTS_PER_LOAD) {
    if (done % (subjects / STEPS) === 0) {
      tell(`${done} of ${subjects} subjects`);
      const { residentMiB, heapMiB } = await server.settledUsage();
      measured.push({ subjects: done, residentMiB, heapMiB });
    }
    if (done === subjects) break;
    const subjectOf = (n: number) => newSubjectOf(done + n);
    const tokens = signTokens({ key, count: SUBJECTS_PER_LOAD, subjectOf });
    await ask({ kind: 'load', requests: tokens.map((token) => requestFor(token)), status: 200 });
  }
  await ask({ kind: 'close' });
  return measured;
}
