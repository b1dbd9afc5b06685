/** The fetch for issuers: every address is checked before the connection, however it was found. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createFetchIssuer,
  type IssuerRequest,
  type Lookup,
} from '../../../src/subject-token/keys/issuer-fetch.ts';
import { IssuerProblem } from '../../../src/subject-token/keys/issuer-problem.ts';
import { createCertificate } from '../../support/certificate.ts';
import { privateAddress } from '../../support/private-address.ts';
import { createScriptedDns } from '../../support/scripted-dns.ts';

const run = promisify(execFile);

let server: Server;
let port: number;
let connections = 0;
let received: Readonly<Record<string, unknown>> = {};

beforeAll(async () => {
  server = createServer((request, response) => {
    received = request.headers;
    response.end('here');
  });
  server.on('connection', () => connections++);
  port = await listen(server);
});
afterAll(() => close(server));
beforeEach(() => {
  connections = 0;
});

async function listen(listener: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function close(listener: TcpServer): Promise<void> {
  await new Promise((resolve) => listener.close(resolve));
}

/** The status and body, or the code or message of the error. */
async function ask(url: string, lookup: Lookup, request: Partial<IssuerRequest> = {}) {
  const fetchIssuer = createFetchIssuer({ lookup });
  const signal = AbortSignal.timeout(2000);
  try {
    const answer = await fetchIssuer(new URL(url), { signal, privateNetwork: false, ...request });
    return `${answer.status} ${await text(answer.body)}`;
  } catch (error) {
    if (error instanceof IssuerProblem) return error.message;
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

describe('the address of a connection', () => {
  it.each([
    [['127.0.0.1'], /loopback/],
    [['::1'], /loopback/],
    [['::ffff:127.0.0.1'], /loopback/],
    [['10.0.0.1'], /private network/],
    [['fd12::1'], /private network/],
    [['64:ff9b::7f00:1'], /never connects/],
    [['100.100.100.200'], /never connects/],
    [['169.254.169.254'], /never connects/],
    [['0.0.0.0'], /never connects/],
    [['::'], /never connects/],
    [['fe80::1%lo'], /never connects/],
    [['127.0.0.1', '8.8.8.8'], /loopback/],
    [['8.8.8.8', '127.0.0.1'], /loopback/],
    [['2606:4700::1', '8.8.8.8', '::ffff:127.0.0.1'], /loopback/],
    [[], /has no address/],
  ])('is refused for a name with the addresses %j', async (addresses, problem) => {
    const { lookup, asked } = createScriptedDns(addresses);
    const url = `https://login.example.com:${port}/.well-known/openid-configuration?x=canary`;

    expect(await ask(url, lookup)).toMatch(problem);
    expect(await ask(url, lookup)).toMatch(/^login\.example\.com has /);
    expect(await ask(url, lookup)).not.toMatch(/well-known|canary/);
    expect(asked.length).toBeGreaterThan(0);
    expect(connections).toBe(0);
  });

  it('is the checked one, even if the name changes to a private address afterwards', async () => {
    const { lookup, asked } = createScriptedDns(['127.0.0.1'], ['10.0.0.1']);
    const url = `http://localhost:${port}/`;

    expect(await ask(url, lookup)).toBe('200 here');
    expect(asked).toEqual(['localhost']);
    expect(connections).toBe(1);

    expect(await ask(url, lookup)).toBe('localhost has an address that is not loopback');
    expect(connections).toBe(1);
  });

  it('is one of several, all of which are checked', async () => {
    const { lookup } = createScriptedDns(['127.0.0.2', '127.0.0.1'], ['127.0.0.1', '8.8.8.8']);

    expect(await ask(`http://localhost:${port}/`, lookup)).toMatch(/^200 here$|ECONNREFUSED/);
    expect(await ask(`http://localhost:${port}/`, lookup)).toMatch(/not loopback/);
  });

  it.each([
    'https://127.0.0.1.:PORT/',
    'https://0x7f.1:PORT/',
    'https://2130706433:PORT/',
    'https://0177.0.0.1:PORT/',
    'http://127.1:PORT/',
  ])('is recognised as loopback in every spelling: %s', async (url) => {
    const { lookup, asked } = createScriptedDns(['8.8.8.8']);
    const answer = await ask(url.replace('PORT', String(port)), lookup);

    // https gets as far as the TLS error of an http server
    expect(answer).toMatch(/^200 here$|^EPROTO$|^ERR_SSL/);
    expect(connections).toBe(1);
    expect(asked).toEqual([]);
  });

  it.each([
    ['https://10.0.0.1/', /^10\.0\.0\.1 has an address in a private network/],
    ['https://0xa.1/', /^10\.0\.0\.1 has an address in a private network/],
    ['https://167772161/', /^10\.0\.0\.1 has an address in a private network/],
    ['https://012.0.0.1/', /^10\.0\.0\.1 has an address in a private network/],
    ['https://[::ffff:10.0.0.1]/', /private network/],
    ['https://[fd12::1]/', /private network/],
    ['https://[64:ff9b::10.0.0.1]/', /private network/],
    ['https://100.100.100.200/latest/meta-data/', /never connects/],
    ['https://0x64.0x64.0x64.0xc8/', /never connects/],
    ['https://1684301000/', /never connects/],
    ['https://[::ffff:100.100.100.200]/', /never connects/],
    ['https://[64:ff9b::6464:64c8]/', /never connects/],
    ['https://[2002:6464:64c8::]/', /never connects/],
    ['https://169.254.169.254/', /never connects/],
    ['https://0/', /never connects/],
    ['https://[::]/', /never connects/],
    ['https://[::ffff:127.0.0.1]/', /loopback/],
  ])('is checked without a lookup for an IP literal: %s', async (url, problem) => {
    const { lookup, asked } = createScriptedDns(['8.8.8.8']);

    expect(await ask(url, lookup)).toMatch(problem);
    expect(asked).toEqual([]);
  });

  it('may be private if the config says so', async () => {
    const { lookup } = createScriptedDns([privateAddress()]);
    const request = { privateNetwork: true };

    // nobody listens there: the test only needs the attempt
    expect(await ask(`https://login.example.com:${port}/`, lookup, request)).toMatch(
      /^ECONNREFUSED$|^E(?:NET|HOST)UNREACH$|^ABORT_ERR$/,
    );
    expect(await ask(`https://login.example.com:${port}/`, lookup)).toMatch(/private network/);
    for (const address of ['127.0.0.1', '100.100.100.200']) {
      const forbidden = createScriptedDns([address]).lookup;
      expect(await ask('https://login.example.com/', forbidden, request)).toMatch(
        /loopback|never connects/,
      );
    }
  });
});

const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n';

describe('a request', () => {
  it('asks for uncompressed JSON and does not identify the broker', async () => {
    await ask(`http://127.0.0.1:${port}/`, createScriptedDns([]).lookup);

    expect(received).toEqual({
      accept: 'application/json',
      'accept-encoding': 'identity',
      connection: 'close',
      host: `127.0.0.1:${port}`,
    });
  });

  it('fails with the error of DNS', async () => {
    const failing: Lookup = (_hostname, _options, callback) =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);

    expect(await ask('https://login.example.com/', failing)).toBe('ENOTFOUND');
  });

  it.each([
    ['nothing', '', 'ECONNRESET'],
    ['something other than HTTP', 'hello\r\n\r\n', 'HPE_INVALID_CONSTANT'],
    ['endless headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`, 'HPE_HEADER_OVERFLOW'],
    ['early hints', `${HINTS}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere`, '200 here'],
    ['too many early hints', HINTS.repeat(10), 'sent too many interim answers'],
    [
      'another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      'sent no answer',
    ],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhere', 'ECONNRESET'],
    ['a whole body', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere', '200 here'],
  ])('ends when it is answered with %s', async (_what, answer, expected) => {
    const listener = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(answer));
    });
    const url = `http://127.0.0.1:${await listen(listener)}/`;

    expect(await ask(url, createScriptedDns([]).lookup)).toBe(expected);
    await close(listener);
  });
});

describe('an answer that follows early hints', () => {
  it.each([
    ['is waited for', 9, '200 here'],
    ['is not, after ten of them', 10, 'sent too many interim answers'],
  ])('%s', async (_what, hints, expected) => {
    const listener = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(HINTS.repeat(hints));
        const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere';
        setTimeout(() => socket.end(answer), 50);
      });
    });
    const url = `http://127.0.0.1:${await listen(listener)}/`;

    expect(await ask(url, createScriptedDns([]).lookup)).toBe(expected);
    await close(listener);
  });
});

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'issuer-tls-'));
  const certFile = join(folder, 'cert.pem');
  let tls: Server;
  let tlsPort: number;
  let asked = 0;

  beforeAll(async () => {
    const { key, cert } = await createCertificate('localhost');
    writeFileSync(certFile, cert);
    tls = createTlsServer({ key, cert }, (_, response) => {
      asked++;
      response.end('{}');
    });
    tlsPort = await listen(tls);
  });
  afterAll(async () => {
    await close(tls);
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['localhost', {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['localhost', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['127.0.0.1', { NODE_EXTRA_CA_CERTS: certFile }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['localhost', { NODE_EXTRA_CA_CERTS: certFile }, '200'],
  ])(
    'verifies the certificate of %s with the environment %j',
    async (host, environment, expected) => {
      const source = new URL('../../../src/subject-token/keys/issuer-fetch.ts', import.meta.url);
      const script = `
      import { createFetchIssuer } from '${source}';
      const addresses = [{ address: '127.0.0.1', family: 4 }];
      const fetchIssuer = createFetchIssuer({ lookup: (_, __, tell) => tell(null, addresses) });
      const request = { signal: AbortSignal.timeout(5000), privateNetwork: false };
      const tell = (text) => process.stdout.write(String(text));
      fetchIssuer(new URL('https://${host}:${tlsPort}/'), request).then(
        ({ status, close }) => { close(); tell(status); },
        ({ code }) => tell(code),
      );`;
      const before = asked;

      // in its own process, because Node reads these variables at start
      const { stdout } = await run(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', script],
        { env: { PATH: process.env['PATH'], ...environment } },
      );

      expect(stdout).toBe(expected);
      expect(asked - before).toBe(expected === '200' ? 1 : 0);
    },
  );
});
