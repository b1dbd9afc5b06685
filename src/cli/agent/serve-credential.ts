/** Serves a credential to clients on this machine, in the two forms that SDKs read from a URI. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import type { Credential } from '../broker/credential.ts';
import type { RenewingCredential } from '../broker/renewing-credential.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import { isAllowedHost } from './allowed-host.ts';
import { removeDeadSocket } from './dead-socket.ts';

/** Where it listens: a port of loopback with a secret that clients must know, or a Unix socket. */
export type Place =
  | { readonly host: '127.0.0.1' | '::1'; readonly port: number; readonly secret: string }
  | { readonly socket: string };

export interface RunningAgent {
  /** 0 for a Unix socket. */
  readonly port: number;
  readonly close: () => Promise<void>;
}

type Form = (credential: Credential) => object;

// Java, Python and the CLI read Code; the mobile SDKs StatusCode
const forAlibabaCloud: Form = (credential) => ({
  StatusCode: 200,
  Code: 'Success',
  AccessKeyId: credential.accessKeyId,
  AccessKeySecret: credential.accessKeySecret,
  SecurityToken: credential.securityToken,
  Expiration: credential.expiration,
});

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
const forAws: Form = (credential) => ({
  AccessKeyId: credential.accessKeyId,
  SecretAccessKey: credential.accessKeySecret,
  Token: credential.securityToken,
  Expiration: credential.expiration,
});

/** Starts to listen. Throws a CliError if the place is taken. */
export async function serveCredential(
  place: Place,
  credential: Pick<RenewingCredential, 'get'>,
): Promise<RunningAgent> {
  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, body, headers }) => send(response, status, body, headers),
      () => send(response, 500, { Code: 'InternalError' }),
    );
  });

  async function answer(request: IncomingMessage) {
    const { method = '', url = '', headers } = request;
    const port = 'socket' in place ? undefined : listeningPort();
    if (port !== undefined && !isAllowedHost(headers.host, port))
      return refused(403, 'HostNotAllowed');
    // pages have an origin, and proxies say whom they speak for; no SDK sends either
    if (headers.origin !== undefined || headers['x-forwarded-for'] !== undefined) {
      return refused(403, 'BrowsersAndProxiesNotAllowed');
    }
    const form = formOf(url, headers.authorization);
    if (form === undefined) return refused(404, 'NotFound');
    if (method !== 'GET') return refused(405, 'MethodNotAllowed', { Allow: 'GET' });
    try {
      return { status: 200, body: form(await credential.get()), headers: {} };
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      return refused(503, 'CredentialUnavailable', { 'Retry-After': '5' });
    }
  }

  function formOf(url: string, authorization: string | undefined): Form | undefined {
    if ('socket' in place) {
      if (url === '/credentials') return forAlibabaCloud;
      return url === '/aws' ? forAws : undefined;
    }
    const { secret } = place;
    if (url === '/aws') return isSame(authorization ?? '', secret) ? forAws : undefined;
    const [, given = '', ...rest] = url.split('/');
    return isSame(given, secret) && rest.join('/') === 'credentials' ? forAlibabaCloud : undefined;
  }

  function listeningPort(): number {
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  await listen();
  return {
    port: listeningPort(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function listen(): Promise<void> {
    if ('socket' in place) await removeDeadSocket(place.socket);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        if ('socket' in place) listenPrivately(server, place.socket, resolve);
        else server.listen({ host: place.host, port: place.port }, resolve);
      });
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      const where = 'socket' in place ? place.socket : `port ${place.port} of ${place.host}`;
      throw new CliError(EXIT.failed, `The agent cannot listen at ${where} (${code}).`);
    }
  }
}

/** The mask is in force when the socket appears, so that nobody else can connect at any time. */
function listenPrivately(server: Server, path: string, done: () => void): void {
  const before = process.umask(0o177);
  try {
    server.listen({ path }, done);
  } finally {
    process.umask(before);
  }
}

function refused(status: number, code: string, headers: Readonly<Record<string, string>> = {}) {
  return { status, body: { StatusCode: status, Code: code }, headers };
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  response.end(JSON.stringify(body));
}

/** Compares in a time that says nothing about where the texts differ. */
function isSame(given: string, secret: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(secret));
}
