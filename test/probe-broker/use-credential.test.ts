/** What a probe sends to OSS with the credential of an answer, and where. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { readProbes } from '../../src/probe-broker/probe-file.ts';
import { useCredential } from '../../src/probe-broker/use-credential.ts';
import { portOf } from '../support/port.ts';

const keys = { accessKeyId: 'STS.a', accessKeySecret: 'b', securityToken: 'c' };
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server on loopback that answers so, and what it was asked. */
async function startOss(answer: (response: ServerResponse) => void) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return { requests, endpoint: `http://127.0.0.1:${portOf(server)}` };
}

function use(operation: 'put' | 'get', endpoint: string) {
  const target = 'oss://app-media/users/7/oss-token-broker-probe.txt';
  const place = { region: 'cn-hangzhou', endpoint, cname: false };
  return useCredential(
    { operation, target, expect: 'allowed' },
    { place, keys, fetch, nowMs: Date.now() },
  );
}

describe('a credential that a probe uses', () => {
  it('never replaces an object: OSS is told to refuse that, in a header that is signed', async () => {
    const oss = await startOss((response) => response.end());

    expect(await use('put', oss.endpoint)).toEqual({ verdict: 'allowed', saw: '200' });
    const [request] = oss.requests;
    expect(request?.headers['x-oss-forbid-overwrite']).toBe('true');
  });

  it('goes to no other host, whatever the first one answers', async () => {
    const other = await startOss((response) => response.end());
    const oss = await startOss((response) => {
      response.writeHead(307, { Location: `${other.endpoint}/elsewhere` }).end();
    });

    expect(await use('get', oss.endpoint)).toEqual({ verdict: 'unclear', saw: '307' });
    expect(other.requests).toEqual([]);
  });

  it('is unclear, and takes no memory, for an answer without end', async () => {
    const oss = await startOss((response) => {
      response.writeHead(403);
      response.end(Buffer.alloc(2 * 1024 * 1024));
    });

    expect(await use('get', oss.endpoint)).toEqual({ verdict: 'unclear', saw: 'no answer' });
  });
});

describe('a file of probes', () => {
  it('whose aliases stand for too much is a problem of the file', () => {
    const bomb = `a: &a [x, x]\nprobes:\n${'  - [*a, *a]\n'.repeat(30)}`;

    expect(readProbes(bomb)).toEqual({
      ok: false,
      problems: ['its aliases stand for too much; write the values out'],
    });
  });
});
