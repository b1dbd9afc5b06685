/** Starts the stand-ins for all trusted issuers of a config on one loopback port, each below its name. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { parseJsonObject } from '../../src/lib/strict-json.ts';
import { onUsualPort } from '../usual-port.ts';
import { createStandIn, type StandIn, type StoodInIssuer } from './stand-in.ts';

export interface StandIns {
  readonly url: string;
  readonly port: number;
  /** Where the keys of the issuer with this name are. */
  keysOf(name: string): string;
  close(): Promise<void>;
}

/**
 * `GET /<name>/…` is that issuer. `POST /tokens` with `{ issuer, claims }` answers `{ token }`, or
 * `{ problem }`. Without `issuer` it is the only one. `origins` are those whose pages may sign in.
 * A port that is taken means any free port.
 */
export async function startStandIns(options: {
  readonly issuers: readonly StoodInIssuer[];
  readonly origins: readonly string[];
  readonly port?: number;
}): Promise<StandIns> {
  const { issuers, origins, port = 0 } = options;
  const standIns = new Map<string, StandIn>();
  for (const issuer of issuers) {
    standIns.set(issuer.name, await createStandIn(issuer, origins));
  }
  const server = createServer((request, response) => {
    handle(standIns, request, response).catch(() => response.destroy());
  });
  await onUsualPort(
    port,
    (wanted) =>
      new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(wanted, '127.0.0.1', resolve);
      }),
  );
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the issuers have no port');
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    port: address.port,
    keysOf: (name) => `${url}/${name}/jwks`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  standIns: ReadonlyMap<string, StandIn>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? '/';
  if (path === '/tokens') {
    const { status, body } = await answerToken(standIns, request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return;
  }
  const [, name = ''] = /^\/([^/?]+)\//.exec(path) ?? [];
  const standIn = standIns.get(name);
  if (standIn === undefined) response.writeHead(404).end();
  else await standIn.handle(request, response);
}

async function answerToken(
  standIns: ReadonlyMap<string, StandIn>,
  request: IncomingMessage,
): Promise<{ readonly status: number; readonly body: object }> {
  // a page of another origin cannot send JSON without being asked about first
  const isJson = request.headers['content-type'] === 'application/json';
  if (request.method !== 'POST' || !isJson) {
    return { status: 400, body: { problem: 'POST JSON with issuer and claims' } };
  }
  const parsed = parseJsonObject(Buffer.from(await readText(request)));
  if (!parsed.ok) return { status: 400, body: { problem: `the request ${parsed.problem}` } };
  const names = [...standIns.keys()];
  const { issuer = names.length === 1 ? names[0] : undefined, claims } = parsed.value;
  if (typeof issuer !== 'string') {
    return { status: 400, body: { problem: `name one issuer of ${names.join(', ')}` } };
  }
  const standIn = standIns.get(issuer);
  if (standIn === undefined) {
    const problem = `there is no issuer "${issuer}"; there is ${names.join(', ')}`;
    return { status: 404, body: { problem } };
  }
  const chosen = typeof claims === 'object' && claims !== null ? { ...claims } : {};
  return { status: 200, body: { token: await standIn.sign(chosen) } };
}
