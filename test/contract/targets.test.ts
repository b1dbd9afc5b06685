/** Requests with a malformed or unusual URL are answered and audited like any other. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { createAnswerCheck, type Received } from '../support/declared.ts';

const whatIsWrong = createAnswerCheck();
let broker: TestBroker;
let token: string;

beforeAll(async () => {
  broker = await startTestBroker();
  token = await broker.issuer.token();
});

afterAll(async () => {
  await broker.close();
});

interface Sent {
  readonly target: string;
  readonly method?: string;
  readonly host?: string;
  readonly isChunked?: boolean;
}

/** Sends a request target unchanged, which fetch does not do. */
function send({ target, method = 'GET', host, isChunked = false }: Sent): Promise<Received> {
  const { hostname, port } = new URL(broker.url);
  const headers = {
    Authorization: `Bearer ${token}`,
    ...(host === undefined ? {} : { Host: host }),
    ...(isChunked ? { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' } : {}),
  };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path: target, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.once('error', reject);
    sent.end(isChunked ? '{}' : undefined);
  });
}

describe('a request', () => {
  it.each<Sent>([
    { target: '/\\v1/credentials' },
    { target: '/v1\\credentials' },
    { target: '/v1/credentials', host: 'a b' },
    { target: '/', host: 'a/v1/credentials?' },
    { target: '/v1/credentials', host: 'user:password@a' },
    { target: '//v1/credentials' },
    { target: '//evil.example/v1/credentials' },
    { target: '*', method: 'OPTIONS' },
    { target: 'http:///v1/credentials' },
    { target: 'ftp://a/v1/credentials' },
    { target: 'http://user:password@a/v1/credentials' },
    { target: 'http://user:password@a/v1/credentials', method: 'POST', isChunked: true },
    { target: '/\\', method: 'HEAD' },
  ])('to $target gets 404 and an audit line', async (sent) => {
    const answer = await send(sent);
    const line = broker.auditLines().at(-1);

    expect(answer.status).toBe(404);
    expect(whatIsWrong(sent.method ?? 'GET', undefined, answer)).toBeUndefined();
    expect(line).toMatchObject({ decision: 'refused', reason: 'route_unknown' });
    expect(line?.['requestId']).toBe(answer.headers['x-request-id']);
    expect(answer.text + broker.log.text).not.toContain('password');
  });

  it.each<Sent>([
    { target: '/v1/credentials' },
    { target: 'http://evil.example/v1/credentials' },
    { target: 'https://127.0.0.1/v1/credentials?Permissions=read' },
    { target: '/v1/credentials', method: 'POST', isChunked: true },
    { target: 'http://a/v1/credentials', method: 'POST', isChunked: true },
    { target: '/v1/credentials', host: 'evil.example' },
    { target: '/v1/credentials', host: '[::1]:9000' },
  ])('to $target is served for any host name', async (sent) => {
    const answer = await send(sent);

    expect(answer.status).toBe(200);
    expect(whatIsWrong(sent.method ?? 'GET', '/v1/credentials', answer)).toBeUndefined();
    expect(answer.text).not.toContain('evil');
  });
});
