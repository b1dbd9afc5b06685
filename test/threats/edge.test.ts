import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';

const ORIGIN = 'https://app.example.com';
let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({
    config: `${SIMPLE_CONFIG}cors: { origins: ["${ORIGIN}"] }\ncallerAddress: { header: X-Forwarded-For, trustedHops: 2 }\n`,
  });
});

afterAll(async () => {
  await broker.close();
});

/** Sends raw text, and returns everything received until the connection closes. */
function sendRaw(text: string): Promise<string> {
  const { port } = new URL(broker.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.once('close', () => resolve(answer));
    socket.once('error', reject);
  });
}

describe('threat 28: pages of other origins', () => {
  it('may not read answers, neither by origin reflection nor with the origin null', async () => {
    const allowedOriginFor = async (origin: string) =>
      (await broker.ask({ headers: { Origin: origin } })).headers.get(
        'access-control-allow-origin',
      );

    expect(await allowedOriginFor(ORIGIN)).toBe(ORIGIN);
    for (const origin of [
      'null',
      'https://evil.example',
      `${ORIGIN}.evil.example`,
      `${ORIGIN}:444`,
    ]) {
      expect(await allowedOriginFor(origin)).toBeNull();
    }
  });
});

describe('threat 29: secrets in logs and errors', () => {
  it('no audit line contains a subject token, granted or refused', async () => {
    const token = await broker.issuer.token();
    const forged = `${token.slice(0, -8)}AAAAAAAA`;
    await broker.ask({ token });
    await broker.ask({ token: forged });

    expect(broker.auditLines().slice(-2)).toMatchObject([
      { decision: 'granted' },
      { decision: 'refused' },
    ]);
    expect(broker.log.text).not.toContain(token);
    expect(broker.log.text).not.toContain(token.split('.')[1]);
  });

  it('a claim cannot forge an audit line', async () => {
    const lines = broker.auditLines().length;
    await broker.ask({ claims: { sub: 'x\n{"decision":"granted","subject":"admin"}' } });
    await broker.ask({ claims: { iss: 'x\r\n{"decision":"granted"}' } });

    expect(broker.auditLines()).toHaveLength(lines + 2);
    expect(broker.auditLines().slice(-2)).toMatchObject([
      { decision: 'refused' },
      { decision: 'refused' },
    ]);
  });
});

describe('threat 30: headers that only a platform or a proxy may set', () => {
  it.each([
    ['203.0.113.7', undefined],
    ['evil, 203.0.113.7', undefined],
    ['203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['6.6.6.6, 203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['203.0.113.7:1234, 10.0.0.1', undefined],
    ['::ffff:203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['fe80::1%eth0, 10.0.0.1', undefined],
    [', ', undefined],
  ])('X-Forwarded-For "%s" gives the caller address %s', async (header, callerAddress) => {
    await broker.ask({ headers: { 'X-Forwarded-For': header } });

    expect(broker.auditLines().at(-1)?.['callerAddress']).toBe(callerAddress);
  });

  it('x-fc-* headers are ignored outside Function Compute', async () => {
    const headers = {
      'x-fc-request-id': '1-aaaaaaaa-bbbbbbbb',
      'x-fc-access-key-id': 'STS.evil',
      'x-fc-access-key-secret': 'evil',
      'x-fc-security-token': 'evil',
      'x-fc-control-path': '/initialize',
    };
    const { status, body } = await broker.ask({ claims: { sub: 'spoof' }, headers });

    expect(status).toBe(200);
    expect(body['RequestId']).not.toBe(headers['x-fc-request-id']);
    expect(broker.simulator.sts.calls.at(-1)?.accessKeyId).toBe(
      broker.simulator.sourceCredentials.accessKeyId,
    );
  });

  it('a foreign Host changes nothing', async () => {
    const token = await broker.issuer.token();
    const answer = await sendRaw(
      `GET /v1/credentials HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    );

    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).not.toContain('evil');
  });

  it.each([
    ['text that is not HTTP', 'hello\r\n\r\n', /^HTTP\/1.1 400 /],
    [
      'two lengths',
      'POST /v1/credentials HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      /^HTTP\/1.1 400 /,
    ],
    [
      'a length beside chunks',
      'POST /v1/credentials HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1.1 400 /,
    ],
    [
      'headers of 20 KiB',
      `GET /health HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_480)}\r\n\r\n`,
      /^HTTP\/1.1 431 /,
    ],
  ])('%s: answered with a bare status', async (_what, text, expected) => {
    const answer = await sendRaw(text);

    expect(answer).toMatch(expected);
    expect(answer.split('\r\n\r\n')[1]).toBe('');
    expect(await sendRaw('GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 200 /,
    );
  });
});

describe('the threats', () => {
  it('1 to 47 each have a test', () => {
    const folder = new URL('.', import.meta.url);
    const titles = readdirSync(folder)
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
      .join('\n')
      .matchAll(/describe\('threats? ([\d, and]+)/g);
    const numbers = [...titles].flatMap(([, list = '']) => list.match(/\d+/g) ?? []).map(Number);

    expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 47 }, (_, n) => n + 1),
    );
  });
});
