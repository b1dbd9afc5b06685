/** Preloaded into every server under measurement: tells its own CPU and memory, and records its CPU profile. */
import { type Profiler, Session } from 'node:inspector/promises';

export type MeasuredMessage = {
  readonly ask: 'usage' | 'usage after collection' | 'start profile' | 'stop profile';
};

export interface Usage {
  /** User and system time of the whole process, with all threads. */
  readonly cpuMs: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
}

/** The interval of V8 is 1 ms by default; functions of a few microseconds need a shorter one. */
const SAMPLE_EVERY_US = 500;

const session = new Session();

async function answer({ ask }: MeasuredMessage): Promise<Usage | Profiler.Profile | object> {
  switch (ask) {
    case 'usage':
      return usage();
    case 'usage after collection':
      globalThis.gc?.();
      return usage();
    case 'start profile':
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US });
      await session.post('Profiler.start');
      return {};
    case 'stop profile':
      return (await session.post('Profiler.stop')).profile;
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpuMs: (user + system) / 1000,
    residentMiB: rss / 2 ** 20,
    heapMiB: heapUsed / 2 ** 20,
  };
}

process.on('disconnect', () => process.exit(0));
process.on('message', (message: MeasuredMessage) => {
  void answer(message).then((value) => process.send?.(value));
});
