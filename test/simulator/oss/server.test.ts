import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import OSS from 'ali-oss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCloud, type SimulatedCloud } from '../../../simulator/cloud.ts';
import { type RunningOss, startSimulatedOss } from '../../../simulator/oss/server.ts';
import type { RamStatement } from '../../../src/session-policy/ram-policy.ts';
import { ossRefusal } from '../../support/oss-client.ts';

const EVERYTHING: RamStatement = { Effect: 'Allow', Action: 'oss:*', Resource: '*' };
const OWN: RamStatement = {
  Effect: 'Allow',
  Action: ['oss:GetObject', 'oss:PutObject', 'oss:DeleteObject'],
  Resource: 'acs:oss:*:*:app-media/users/1/*',
};
const PAGE = 'https://app.example.com';
const TEXT = Buffer.from('text');

let cloud: SimulatedCloud;
let oss: RunningOss;
let admin: OSS;

beforeAll(async () => {
  cloud = createCloud({ accountId: '123456789012', now: Date.now });
  for (const [name, corsOrigins] of [
    ['app-media', [PAGE]],
    ['open', ['*']],
  ] as const) {
    cloud.buckets.set(name, { name, region: 'cn-hangzhou', corsOrigins });
  }
  const cnames = new Map([['media.example.com', 'app-media']]);
  oss = await startSimulatedOss({ cloud, cnames, maxBodyBytes: 200_000, callCapacity: 50 });
  admin = clientOf([[EVERYTHING]]);
  await admin.put('users/1/a', TEXT);
});

afterAll(() => oss.close());

/** The client of a new identity with these statements: of the role policy, then of the session policy. */
function clientOf(sets: readonly (readonly RamStatement[])[], options = {}): OSS {
  const accessKeyId = `key-${cloud.identities.size}`;
  cloud.identities.set(accessKeyId, {
    accessKeyId,
    accessKeySecret: 'secret',
    arn: 'acs:ram::123456789012:user/someone',
    policies: sets.map((Statement) => [{ Version: '1', Statement }]),
  });
  return new OSS({
    accessKeyId,
    accessKeySecret: 'secret',
    bucket: 'app-media',
    region: 'oss-cn-hangzhou',
    endpoint: oss.url,
    ...options,
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** Sends a request unchanged, which neither fetch nor ali-oss does. */
function send(method: string, path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: oss.port, method, path, headers },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    sent.once('error', reject);
    sent.end();
  });
}

/** The V1 headers for a resource, which may differ from the requested one. */
function signed(method: string, resource: string, accessKeyId = 'key-0') {
  const date = new Date().toUTCString();
  const text = `${method}\n\n\n${date}\n${resource}`;
  const signature = createHmac('sha1', 'secret').update(text).digest('base64');
  return { Date: date, Authorization: `OSS ${accessKeyId}:${signature}` };
}

describe('a custom domain', () => {
  it.each(['media.example.com', 'MEDIA.example.com:8080'])(
    '%s addresses its bucket',
    async (host) => {
      const headers = signed('GET', '/app-media/users/1/a');

      expect((await send('GET', '/users/1/a', { ...headers, Host: host })).text).toBe('text');
      const elsewhere = await send('GET', '/users/1/a', { ...headers, Host: 'media.example.org' });
      expect(elsewhere.status).toBe(404);
    },
  );
});

function lastKey(): string {
  return [...cloud.identities.keys()].at(-1) ?? '';
}

describe('a page of another origin', () => {
  const ask = (bucket: string, origin: string, method = 'PUT') =>
    send('OPTIONS', `/${bucket}/users/1/a`, {
      Origin: origin,
      'Access-Control-Request-Method': method,
      'Access-Control-Request-Headers': 'authorization,x-oss-date',
    });

  it('needs no signature to ask, and is allowed if the bucket lists it', async () => {
    const answer = await ask('app-media', PAGE);

    expect(answer).toMatchObject({
      status: 200,
      headers: {
        'access-control-allow-origin': PAGE,
        'access-control-allow-headers': 'authorization,x-oss-date',
        vary: 'Origin',
      },
    });
    expect(answer.headers['access-control-allow-methods']).toContain('PUT');
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it.each([
    ['https://app.example.com.evil.example', 'PUT'],
    ['http://app.example.com', 'PUT'],
    ['null', 'PUT'],
    [PAGE, 'TRACE'],
  ])('%s is not allowed to %s', async (origin, method) => {
    const answer = await ask('app-media', origin, method);

    expect(answer.status).toBe(403);
  });

  it('may read the headers of errors too', async () => {
    const get = (Origin: string) => send('GET', '/app-media/users/1/a', { Origin });
    const allowed = await get(PAGE);

    expect(allowed.status).toBe(403);
    expect(allowed.headers['access-control-allow-origin']).toBe(PAGE);
    expect(allowed.headers['access-control-expose-headers']).toContain('ETag');
    expect((await get('https://evil.example')).headers).not.toHaveProperty(
      'access-control-allow-origin',
    );
  });

  it('is allowed by every bucket that lists *', async () => {
    const answer = await ask('open', 'https://anybody.example');

    expect(answer).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': '*' } });
  });
});

describe('the list of calls', () => {
  it('has the request, the key that signed it, and the status', async () => {
    const before = oss.calls.length;
    const stranger = clientOf([[OWN]]);
    await admin.get('users/1/a');
    await ossRefusal(stranger.get('users/10/a'));
    await fetch(`${oss.url}/app-media/users/1/a`);

    const about = { method: 'GET', bucket: 'app-media', action: 'oss:GetObject' };
    expect(oss.calls.slice(before)).toEqual([
      { ...about, key: 'users/1/a', status: 200, accessKeyId: 'key-0' },
      { ...about, key: 'users/10/a', status: 403, accessKeyId: lastKey() },
      { ...about, key: 'users/1/a', status: 403 },
    ]);
  });

  it('has a maximum length', async () => {
    for (let index = 0; index < 60; index += 1) await fetch(oss.url);

    expect(oss.calls).toHaveLength(50);
  });
});

describe('a body that is too large', () => {
  it('is refused after the client has sent it, and is not stored', async () => {
    expect((await admin.put('users/1/big', Buffer.alloc(200_000))).res.status).toBe(200);
    expect(await ossRefusal(admin.put('users/1/bigger', Buffer.alloc(200_001)))).toBe(
      'EntityTooLarge',
    );
    expect(await ossRefusal(admin.head('users/1/bigger'))).toBe('NoSuchKey');
  });
});

describe('an answer', () => {
  it('has the CRC-64 by which other SDKs check their uploads', async () => {
    const { res } = await admin.put('users/1/crc', Buffer.from('123456789'));

    // the check value of CRC-64/XZ
    expect(res.headers).toMatchObject({ 'x-oss-hash-crc64ecma': '11051210869376104954' });
  });

  it('depends on whether the object matches the precondition', async () => {
    const { res } = await admin.head('users/1/a');
    const etag = String(Object(res.headers).etag);
    const get = (headers: Record<string, string>) =>
      send('GET', '/app-media/users/1/a', { ...signed('GET', '/app-media/users/1/a'), ...headers });

    expect(await get({ 'If-None-Match': etag })).toMatchObject({ status: 304, text: '' });
    expect(await get({ 'If-None-Match': '"other"' })).toMatchObject({ status: 200, text: 'text' });
    expect(await get({ 'If-Match': etag })).toMatchObject({ status: 200 });
    expect(await get({ 'If-Match': '"other"' })).toMatchObject({ status: 412 });
  });

  it('has the code of an error for HEAD too', async () => {
    expect(await ossRefusal(clientOf([[OWN]]).head('users/10/a'))).toBe('AccessDenied');
  });

  it('is a refusal for an ACL that a policy would not recognise', async () => {
    const put = (acl: string) =>
      admin.put('users/1/acl', TEXT, { headers: { 'x-oss-object-acl': acl } });

    expect((await put('public-read')).res.status).toBe(200);
    for (const acl of ['Public-Read', 'public-read, private', 'none']) {
      expect(await ossRefusal(put(acl))).toBe('InvalidArgument');
    }
  });

  it('is a refusal if the upload forbids to overwrite an object', async () => {
    const once = { headers: { 'x-oss-forbid-overwrite': 'true' } };

    expect((await admin.put('users/1/once', TEXT, once)).res.status).toBe(200);
    expect(await ossRefusal(admin.put('users/1/once', TEXT, once))).toBe('FileAlreadyExists');
  });
});
