import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc64Of } from '../../../simulator/oss/crc64.ts';
import { ossRefusal } from '../../support/oss-client.ts';
import { type Ask, allow, type Keys, type OssFixture, signV4, startOssFixture } from './fixture.ts';

let fixture: OssFixture;
let owner: Required<Keys>;

beforeAll(async () => {
  fixture = await startOssFixture();
  owner = fixture.addSession();
});

afterAll(() => fixture.oss.close());

const ask = (asked: Ask, keys: Keys = owner) =>
  fixture.send(signV4(asked, keys, { nowMs: fixture.now() }));

const append = (key: string, position: string, keys: Keys = owner) =>
  ask({ method: 'POST', key, query: { append: '', position }, body: 'abc' }, keys);

describe('AppendObject', () => {
  it.each([false, true])('adds what ali-oss sends (V4 signature: %s)', async (authorizationV4) => {
    const client = fixture.createClient(owner, { authorizationV4 });
    const key = `logs/${authorizationV4}.log`;
    const first = await client.append(key, Buffer.from('one,'), {
      meta: { uid: 7, pid: 8 },
      mime: 'text/csv',
    });
    expect(first.nextAppendPosition).toBe('4');
    const second = await client.append(key, Buffer.from('two'), { position: '4' });

    expect(second.nextAppendPosition).toBe('7');
    expect(second.res.headers).toMatchObject({
      'x-oss-hash-crc64ecma': crc64Of(Buffer.from('one,two')),
    });
    const { content, res } = await client.get(key);
    expect(String(content)).toBe('one,two');
    expect(res.headers).toMatchObject({
      'x-oss-object-type': 'Appendable',
      'x-oss-next-append-position': '7',
      'content-type': 'text/csv',
      'x-oss-meta-uid': '7',
    });
    expect(await ossRefusal(client.append(key, Buffer.from('x'), { position: '4' }))).toBe(
      'PositionNotEqualToLength',
    );
    expect(String((await client.get(key)).content)).toBe('one,two');
  });

  it('is refused with the codes of OSS at any other position, and on other objects', async () => {
    await ask({ method: 'PUT', key: 'put/x', body: 'abc' });

    expect(await append('put/x', '3')).toMatchObject({
      status: 409,
      code: 'ObjectNotAppendable',
      ec: '0026-00000017',
    });
    expect(await append('logs/new', '1')).toMatchObject({
      status: 409,
      code: 'PositionNotEqualToLength',
      ec: '0026-00000016',
    });
    expect((await append('logs/new', '0')).status).toBe(200);
    expect((await append('logs/new', '0')).status).toBe(409);
    for (const position of ['-1', '3x', '', '1e0', ' 3']) {
      expect(await append('logs/new', position)).toMatchObject({
        status: 400,
        code: 'InvalidArgument',
      });
    }
    const without = { method: 'POST', key: 'logs/new', query: { append: '' }, body: 'x' };
    expect(await ask(without)).toMatchObject({
      status: 400,
      code: 'MissingArgument',
      ec: '0016-00000501',
    });
    const digest = { 'Content-MD5': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    expect(
      (
        await ask({
          method: 'POST',
          key: 'logs/new',
          query: { append: '', position: '3' },
          body: 'x',
          headers: digest,
        })
      ).code,
    ).toBe('InvalidDigest');
    expect((await ask({ key: 'logs/new' })).text).toBe('abc');
  });

  it('needs PutObject for the key, and nothing else', async () => {
    const writer = fixture.addSession([allow(['oss:PutObject'], ['mine/*'])]);
    const reader = fixture.addSession([allow(['oss:GetObject'], ['mine/*'])]);

    expect((await append('mine/log', '0', writer)).status).toBe(200);
    expect((await append('mine/log', '3', reader)).code).toBe('AccessDenied');
    expect((await append('other/log', '0', writer)).code).toBe('AccessDenied');
  });

  it('does not continue a copy or a replacement', async () => {
    await append('logs/original', '0');
    const headers = { 'x-oss-copy-source': '/app-media/logs/original' };
    await ask({ method: 'PUT', key: 'logs/copy', headers });
    expect((await append('logs/copy', '3')).code).toBe('ObjectNotAppendable');
    await ask({ method: 'PUT', key: 'logs/original', body: 'abc' });
    expect((await append('logs/original', '3')).code).toBe('ObjectNotAppendable');
  });
});
