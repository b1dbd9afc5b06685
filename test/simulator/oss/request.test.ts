import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Ask,
  type Keys,
  md5Of,
  type OssFixture,
  signV1,
  signV4,
  startOssFixture,
  textOf,
} from './fixture.ts';

const HOST = 'app-media.oss-cn-hangzhou.aliyuncs.com';

let fixture: OssFixture;
let keys: Keys;

beforeAll(async () => {
  fixture = await startOssFixture();
  keys = fixture.addUser();
  await fixture.send(signed({ method: 'PUT', key: 'dir/a b.txt', body: 'text' }));
});

afterAll(() => fixture.oss.close());

function signed(ask: Ask): Ask {
  return signV4(ask, keys, { nowMs: fixture.now() });
}

describe('the address of a request', () => {
  it('has the bucket in the path or in the host name', async () => {
    const get: Ask = { key: 'dir/a b.txt' };

    expect((await fixture.send(signed(get))).text).toBe('text');
    expect((await fixture.send(signed(get), { host: HOST })).text).toBe('text');
    expect((await fixture.send(signed(get), { host: `${HOST}:8080` })).text).toBe('text');
    expect((await fixture.send(signV1(get, keys, fixture.now()), { host: HOST })).text).toBe(
      'text',
    );
  });

  it('is signed: another bucket in the host name is refused', async () => {
    const elsewhere = HOST.replace('app-media', 'other');

    expect((await fixture.send(signed({ key: 'dir/a b.txt' }), { host: elsewhere })).code).toBe(
      'SignatureDoesNotMatch',
    );
  });

  it('lists the buckets if it names only the service', async () => {
    const { status, text } = await fixture.send(signed({ bucket: '' }));

    expect(status).toBe(200);
    expect(text).toContain('<Name>app-media</Name>');
    expect(text).toContain('<Name>other</Name>');
  });

  it('is decoded once', async () => {
    const key = 'dir/100%25 + a%2Fb';
    await fixture.send(signed({ method: 'PUT', key, body: 'escaped' }));

    expect((await fixture.send(signed({ key }))).text).toBe('escaped');
    expect((await fixture.send(signed({ key: decodeURIComponent(key) }))).code).toBe('NoSuchKey');
  });

  it('is refused if it cannot be decoded', async () => {
    expect((await fixture.sendRaw('GET', '/app-media/%zz')).status).toBe(400);
    expect((await fixture.sendRaw('GET', '/app-media/?prefix=%E0%A4%A')).status).toBe(400);
  });

  it('is refused if the key is too long for OSS', async () => {
    const put = async (key: string) =>
      (await fixture.send(signed({ method: 'PUT', key, body: 'x' }))).status;

    expect(await put('k'.repeat(1023))).toBe(200);
    expect(await put('k'.repeat(1024))).toBe(400);
  });
});

describe('an error', () => {
  it.each<[string, Ask, { status: number; code: string; ec: string }]>([
    [
      'for a missing bucket',
      { bucket: 'missing', key: 'x' },
      { status: 404, code: 'NoSuchBucket', ec: '0015-00000101' },
    ],
    [
      'for a missing object',
      { key: 'missing' },
      { status: 404, code: 'NoSuchKey', ec: '0026-00000001' },
    ],
  ])('%s contains code, EC and request id', async (_what, ask, expected) => {
    const answer = await fixture.send(signed(ask));

    expect(answer).toMatchObject(expected);
    expect(answer.headers['x-oss-ec']).toBe(expected.ec);
    expect(textOf(answer.text, 'RequestId')).toBe(answer.headers['x-oss-request-id']);
    expect(textOf(answer.text, 'HostId')).toContain('127.0.0.1');
  });

  it('has no body in the answer to HEAD', async () => {
    const found = await fixture.send(signed({ method: 'HEAD', key: 'dir/a b.txt' }));
    const missing = await fixture.send(signed({ method: 'HEAD', key: 'missing' }));

    expect(found).toMatchObject({ status: 200, text: '' });
    expect(found.headers['content-length']).toBe('4');
    expect(missing).toMatchObject({ status: 404, text: '' });
    expect(missing.headers['x-oss-ec']).toBe('0026-00000001');
  });

  it('is the answer to an operation that the simulator lacks, which never runs as another', async () => {
    const key = 'dir/kept.txt';
    await fixture.send(signed({ method: 'PUT', key, body: 'kept' }));
    const unknown: readonly Ask[] = [
      { query: { versions: '' } },
      { query: { cors: '' } },
      { method: 'PUT', query: { policy: '' }, body: '{}' },
      { method: 'PUT', key, query: { symlink: '' } },
      { method: 'POST', key, query: { append: '', position: '0' }, body: 'x' },
    ];

    for (const ask of unknown) {
      expect((await fixture.send(signed(ask))).status).toBeGreaterThanOrEqual(400);
    }
    expect((await fixture.send(signed({ key }))).text).toBe('kept');
  });
});

describe('an upload', () => {
  it('is refused if it does not match its Content-MD5', async () => {
    const put = (md5: string) =>
      signed({ method: 'PUT', key: 'md5.txt', body: 'text', headers: { 'Content-MD5': md5 } });

    expect((await fixture.send(put(md5Of('text')))).status).toBe(200);
    expect(await fixture.send(put(md5Of('other')))).toMatchObject({
      status: 400,
      code: 'InvalidDigest',
    });
    expect((await fixture.send(signed({ key: 'md5.txt' }))).text).toBe('text');
  });

  it('keeps its content type and its own headers', async () => {
    const headers = { 'Content-Type': 'text/css', 'x-oss-meta-author': 'me' };
    await fixture.send(signed({ method: 'PUT', key: 'meta', body: 'x', headers }));

    const got = await fixture.send(signed({ method: 'HEAD', key: 'meta' }));
    expect(got.headers).toMatchObject({ 'content-type': 'text/css', 'x-oss-meta-author': 'me' });
  });

  it('can be read in part', async () => {
    const get = (range: string) => fixture.send(signed({ key: 'dir/a b.txt', headers: { range } }));

    expect(await get('bytes=1-2')).toMatchObject({ status: 206, text: 'ex' });
    expect(await get('bytes=2-')).toMatchObject({ status: 206, text: 'xt' });
    expect((await get('bytes=1-2')).headers['content-range']).toBe('bytes 1-2/4');
    expect(await get('bytes=9-')).toMatchObject({ status: 200, text: 'text' });
  });
});
