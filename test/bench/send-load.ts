/** Sends prepared requests over open connections, as fast as answers come, and checks every answer. */
import type { Connection } from './connection.ts';
import { quantile } from './quantile.ts';

export interface Load {
  /** Whole requests, as bytes. */
  readonly requests: readonly Uint8Array[];
  readonly status: number;
  /** What every answer must have as Content-Length. Absent: what the first answer has. */
  readonly bodyBytes?: number | undefined;
}

export interface LoadResult {
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly bodyBytes: number;
  /** Of this process, user and system. */
  readonly clientCpuMs: number;
}

/** Each connection has one request in flight. Rejects at the first answer with another status or length. */
export function sendLoad(connections: readonly Connection[], load: Load): Promise<LoadResult> {
  const { requests, status } = load;
  const latencies = new Float64Array(requests.length);
  let { bodyBytes } = load;
  let next = 0;
  let answered = 0;

  return new Promise((resolve, reject) => {
    function sendNext(connection: Connection): void {
      const request = requests[next];
      if (request === undefined) return;
      next += 1;
      const sentAt = performance.now();
      connection.send(request, (answer) => {
        latencies[answered++] = performance.now() - sentAt;
        bodyBytes ??= answer.bodyBytes;
        if (answer.status !== status || answer.bodyBytes !== bodyBytes) {
          const wanted = `${status} with ${bodyBytes} bytes`;
          reject(new Error(`wanted ${wanted}, but answer ${answered} is\n${answer.beginning}`));
        } else if (answered === requests.length) finish();
        else sendNext(connection);
      });
    }

    function finish(): void {
      const seconds = (performance.now() - startedAt) / 1000;
      const { user, system } = process.cpuUsage(cpuBefore);
      latencies.sort();
      resolve({
        seconds,
        p50Ms: quantile(latencies, 0.5),
        p99Ms: quantile(latencies, 0.99),
        bodyBytes: bodyBytes ?? 0,
        clientCpuMs: (user + system) / 1000,
      });
    }

    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    for (const connection of connections) sendNext(connection);
  });
}
