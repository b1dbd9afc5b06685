/** A collector that keeps what is pushed to it as OTLP, and answers as it is told to. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { portOf } from './port.ts';

export interface Pushed {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Collector {
  readonly url: string;
  readonly pushed: readonly Pushed[];
  /** A status to answer with, or silence. 200 at first. */
  answer: number | 'silence';
  /** How many connections were opened to it. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const pushed: Pushed[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    pushed.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
    if (collector.answer === 'silence') return;
    // a redirect that is followed would carry the headers elsewhere
    response.writeHead(collector.answer, {
      'Content-Type': 'application/json',
      Location: '/other',
    });
    // in a packet of its own, as behind a proxy
    response.write('{');
    setTimeout(() => response.end('}'), 2);
  });
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: Collector = {
    url: `http://127.0.0.1:${portOf(server)}`,
    pushed,
    answer: 200,
    connections: () => connections,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return collector;
}
