import { connect } from 'node:net';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJsonBody, requireJsonAccepted } from '../../../src/api/http/transport-rules.ts';
import { answerFor } from '../../../src/api/native/public-answers.ts';
import { RefusalError } from '../../../src/refusal.ts';
import { type RunningServer, startServer } from '../../../src/server.ts';

/** Answers with the body that it read, or with the reason of the refusal. */
function createReader() {
  const app = new Hono();
  app.post('/', async (c) => {
    const bytes = await readJsonBody(c.req);
    return c.text(bytes.toString());
  });
  app.onError((error, c) => {
    if (!(error instanceof RefusalError)) throw error;
    const { reason } = error.refusal;
    return c.text(reason, answerFor(reason).status);
  });
  return app;
}

const LIMIT_BYTES = 4096;
const JSON_TYPE = { 'Content-Type': 'application/json' };

describe('requireJsonAccepted', () => {
  it.each([
    undefined,
    '',
    ' ',
    '*/*',
    'application/*',
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;q=0.001',
    'text/html, application/json;q=0.1',
    'text/html,*/*;q=0.8',
    'text/html;q=0, */*',
    '*/*;q=0, application/json',
    'application/*;q=0.0, application/json;q=1.000',
  ])('accepts %j', (accept) => {
    expect(() => requireJsonAccepted(accept)).not.toThrow();
  });

  it.each([
    'text/html',
    'application/xml',
    'application/problem+json',
    'application/json-seq',
    'text/*',
    'json',
    '*',
    ',',
    'application/json;q=0',
    'application/json; Q=0.000',
    '*/*;q=0',
    'application/json;q=0, */*',
    'application/*;q=0, */*;q=1',
    'x/application/json',
  ])('refuses %j', (accept) => {
    expect(() => requireJsonAccepted(accept)).toThrow(
      expect.objectContaining({ refusal: { reason: 'not_acceptable' } }),
    );
  });
});

describe('an Accept header', () => {
  it('has at most 512 characters, even if the rest of it accepts JSON', () => {
    const padded = (length: number) => `application/json;${'q'.repeat(length - 17)}`;

    expect(() => requireJsonAccepted(padded(512))).not.toThrow();
    for (const tooLong of [padded(513), 'a/b,'.repeat(200), ' '.repeat(513), ','.repeat(12_000)]) {
      expect(() => requireJsonAccepted(`${tooLong}*/*`)).toThrow(
        expect.objectContaining({ refusal: { reason: 'not_acceptable' } }),
      );
    }
  });
});

describe('readJsonBody', () => {
  const post = async (
    body: string | ReadableStream<Uint8Array>,
    headers: Readonly<Record<string, string>> = JSON_TYPE,
  ) => {
    const init = { method: 'POST', body, headers, duplex: 'half' as const };
    const response = await createReader().request('/', init);
    return [response.status, await response.text()];
  };

  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json ;a=b',
  ])('reads a body of the type "%s"', async (type) => {
    expect(await post('{"Grant":"é"}', { 'Content-Type': type })).toEqual([200, '{"Grant":"é"}']);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/json',
    'text/plain; application/json',
    'application/jsonp',
    'application/problem+json',
    'application/json, text/plain',
    '',
  ])('refuses a body of the type "%s"', async (type) => {
    expect(await post('{}', { 'Content-Type': type })).toEqual([415, 'media_type_unsupported']);
  });

  it('refuses a compressed body, which could be a decompression bomb', async () => {
    for (const encoding of ['gzip', 'br', 'identity']) {
      const headers = { ...JSON_TYPE, 'Content-Encoding': encoding };
      expect(await post('{}', headers)).toEqual([415, 'media_type_unsupported']);
    }
  });

  it('requires no media type for an empty body', async () => {
    expect(await post('', {})).toEqual([200, '']);
    expect(await post('', { 'Content-Length': '0' })).toEqual([200, '']);
    const bare = await createReader().request('/', { method: 'POST' });
    expect([bare.status, await bare.text()]).toEqual([200, '']);
  });

  it.each([
    ['with a Content-Length', (size: number) => ({ ...JSON_TYPE, 'Content-Length': `${size}` })],
    ['without one', () => JSON_TYPE],
  ])('reads 4 KiB and refuses one byte more, %s', async (_how, headersFor) => {
    for (const [size, expected] of [
      [LIMIT_BYTES, [200, 'x'.repeat(LIMIT_BYTES)]],
      [LIMIT_BYTES + 1, [413, 'body_too_large']],
    ] as const) {
      expect(await post('x'.repeat(size), headersFor(size))).toEqual(expected);
    }
  });

  it('refuses a too large Content-Length before it reads the body', async () => {
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull() {
          pulls += 1;
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { ...JSON_TYPE, 'Content-Length': '5000' };
    expect(await post(body, headers)).toEqual([413, 'body_too_large']);
    expect(pulls).toBe(0);
  });

  it('stops reading an endless body', async () => {
    let bytes = 0;
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          bytes += 1024;
          controller.enqueue(new Uint8Array(1024));
          if (bytes > 100 * LIMIT_BYTES) controller.close();
        },
        cancel() {
          isCancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    expect(await post(body)).toEqual([413, 'body_too_large']);
    expect(bytes).toBe(LIMIT_BYTES + 1024);
    expect(isCancelled).toBe(true);
  });
});

describe('readJsonBody on a real connection', () => {
  let server: RunningServer;

  beforeAll(async () => {
    const { fetch } = createReader();
    server = await startServer({ fetch, hostname: '127.0.0.1', port: 0, neverHangUp: false });
  });

  afterAll(async () => {
    await server.close(0);
  });

  /** Sends text unchanged, and returns everything that is received until the connection ends. */
  function send(text: string): Promise<string> {
    return new Promise((resolve) => {
      let answer = '';
      const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      // the server may close the connection while the rest of a body is in transit
      socket.on('error', () => {});
      socket.once('close', () => resolve(answer));
    });
  }

  const head = (...headers: readonly string[]) =>
    [
      'POST / HTTP/1.1',
      'Host: a',
      'Connection: close',
      'Content-Type: application/json',
      ...headers,
      '\r\n',
    ].join('\r\n');
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

  it('reads a body with a Content-Length and a chunked one', async () => {
    expect(await send(`${head('Content-Length: 2')}{}`)).toMatch(/^HTTP\/1.1 200 .*\{\}$/s);
    const chunks = `${chunk('{')}${chunk('}')}${chunk('')}`;
    expect(await send(`${head('Transfer-Encoding: chunked')}${chunks}`)).toMatch(
      /^HTTP\/1.1 200 .*\{\}$/s,
    );
  });

  it('refuses a too large body with a Content-Length and a chunked one', async () => {
    const large = 'x'.repeat(LIMIT_BYTES + 1);
    expect(await send(`${head(`Content-Length: ${large.length}`)}${large}`)).toMatch(
      /^HTTP\/1.1 413 .*body_too_large$/s,
    );
    expect(await send(`${head('Transfer-Encoding: chunked')}${chunk(large)}${chunk('')}`)).toMatch(
      /^HTTP\/1.1 413 .*body_too_large$/s,
    );
  });

  it('refuses a too large body without waiting for the rest', async () => {
    expect(await send(head('Content-Length: 1000000'))).toMatch(/^HTTP\/1.1 413 /);
    const begun = chunk('x'.repeat(LIMIT_BYTES + 1));
    expect(await send(`${head('Transfer-Encoding: chunked')}${begun}`)).toMatch(/^HTTP\/1.1 413 /);
  });

  it('does not serve the rest of a refused body as a request', async () => {
    const inner = 'POST /smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';
    const keepAlive = `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n`;
    const answer = await send(
      `${keepAlive}${inner.padEnd(5000, ' ')}${head('Content-Length: 2')}{}`,
    );
    expect(answer.match(/HTTP\/1.1 \d+/g)?.[0]).toBe('HTTP/1.1 413');
    expect(answer).not.toContain('HTTP/1.1 404');
  });
});
