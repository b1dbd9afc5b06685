/** A load generator: sends a fixed number of requests over keep-alive connections and measures each latency. */
import { Agent, request } from 'node:http';

export interface Load {
  readonly requests: number;
  readonly concurrency: number;
  /** The headers of the n-th request. */
  readonly headers: (n: number) => Readonly<Record<string, string>>;
  readonly url: string;
  readonly expectedStatus: number;
}

export interface LoadResult {
  readonly seconds: number;
  /** Milliseconds, ascending. */
  readonly latencies: readonly number[];
}

/** Sends the load and waits for every answer. Throws on an answer with an unexpected status. */
export async function sendLoad(load: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.concurrency });
  const latencies: number[] = [];
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: load.concurrency }, async () => {
      while (next < load.requests) {
        const headers = load.headers(next++);
        const sentAt = performance.now();
        const status = await send(agent, load.url, headers);
        latencies.push(performance.now() - sentAt);
        if (status !== load.expectedStatus) throw new Error(`unexpected status ${status}`);
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  agent.destroy();
  return { seconds, latencies: latencies.sort((a, b) => a - b) };
}

function send(
  agent: Agent,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
      response.once('error', reject);
    });
    sent.once('error', reject);
    sent.end();
  });
}
