import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ossRefusal } from '../../support/oss-client.ts';
import {
  type Ask,
  allow,
  type Keys,
  type OssFixture,
  signV4,
  startOssFixture,
  textsOf,
} from './fixture.ts';

let fixture: OssFixture;
let owner: Required<Keys>;

const ANSWERS = [true, false] as const;
const fixtures = new Map<boolean, OssFixture>();

beforeAll(async () => {
  for (const isPolicyAppliedToDestination of ANSWERS) {
    fixtures.set(
      isPolicyAppliedToDestination,
      await startOssFixture({ isPolicyAppliedToDestination }),
    );
  }
  fixture = await startOssFixture();
  owner = fixture.addSession();
});

afterAll(async () => {
  for (const one of [fixture, ...fixtures.values()]) await one.oss.close();
});

const ask = (asked: Ask, keys: Keys = owner, to = fixture) =>
  to.send(signV4(asked, keys, { nowMs: to.now() }));

const put = (key: string, headers: Readonly<Record<string, string>> = {}, keys = owner) =>
  ask({ method: 'PUT', key, body: key, headers }, keys);

const link = (key: string, target: string, keys: Keys = owner, headers = {}) =>
  ask(
    {
      method: 'PUT',
      key,
      query: { symlink: '' },
      headers: { ...headers, 'x-oss-symlink-target': encodeURIComponent(target) },
    },
    keys,
  );

describe('a symbolic link', () => {
  it.each([false, true])(
    'is made, read and followed by ali-oss (V4 signature: %s)',
    async (authorizationV4) => {
      const client = fixture.createClient(owner, { authorizationV4 });
      const target = 'docs/a b+ü?.txt';
      await client.put(target, Buffer.from('the destination'));
      await client.putSymlink('links/one', target, {
        storageClass: 'Standard',
        meta: { uid: 1, pid: 2 },
      });

      expect((await client.getSymlink('links/one')).targetName).toBe(target);
      const { content, res } = await client.get('links/one');
      expect(String(content)).toBe('the destination');
      expect(res.headers).toMatchObject({ 'x-oss-object-type': 'Symlink', 'content-length': '15' });
      const head = await client.head('links/one');
      expect(head.res.headers).toMatchObject({ 'content-length': '15' });
      expect(await ossRefusal(client.getSymlink(target))).toBe('NotSymlink');
      expect(await ossRefusal(client.getSymlink('links/none'))).toBe('NoSuchKey');
      const ranged = await client.get('links/one', { headers: { Range: 'bytes=4-6' } });
      expect(String(ranged.content)).toBe('des');
    },
  );

  it('leads to nothing until its destination exists, and never to another link', async () => {
    expect((await link('links/early', 'docs/later')).status).toBe(200);
    expect(await ask({ key: 'links/early' })).toMatchObject({
      status: 404,
      code: 'SymlinkTargetNotExist',
      ec: '0026-00000012',
    });
    await put('docs/later');
    expect((await ask({ key: 'links/early' })).text).toBe('docs/later');

    await link('links/second', 'links/early');
    expect(await ask({ key: 'links/second' })).toMatchObject({
      status: 400,
      code: 'InvalidTargetType',
    });
  });

  it('is replaced, copied and deleted as an object of its own', async () => {
    await put('docs/kept');
    await link('links/own', 'docs/kept');
    await ask({
      method: 'PUT',
      key: 'links/copy',
      headers: { 'x-oss-copy-source': '/app-media/links/own' },
    });
    expect((await ask({ key: 'links/copy', query: { symlink: '' } })).headers).toMatchObject({
      'x-oss-symlink-target': 'docs/kept',
    });
    const listed = await ask({ query: { prefix: 'links/own' } });
    expect(textsOf(listed.text, 'Type')).toEqual(['Symlink']);

    await put('links/own');
    expect((await ask({ key: 'links/own' })).text).toBe('links/own');
    expect((await ask({ key: 'docs/kept' })).text).toBe('docs/kept');
    await ask({ method: 'DELETE', key: 'links/copy' });
    expect((await ask({ key: 'docs/kept' })).status).toBe(200);
  });

  it('is refused without a destination, and over an object that must stay', async () => {
    expect(await ask({ method: 'PUT', key: 'links/x', query: { symlink: '' } })).toMatchObject({
      status: 400,
      code: 'InvalidObjectName',
    });
    await put('links/stays');
    expect(
      await link('links/stays', 'docs/kept', owner, { 'x-oss-forbid-overwrite': 'true' }),
    ).toMatchObject({ status: 409, code: 'FileAlreadyExists' });
  });

  it('needs PutObject for itself alone to be made, and GetObject to be read', async () => {
    const writer = fixture.addSession([allow(['oss:PutObject'], ['mine/*'])]);
    const reader = fixture.addSession([allow(['oss:GetObject'], ['mine/*'])]);

    expect((await link('mine/link', 'docs/kept', writer)).status).toBe(200);
    expect((await link('mine/link', 'docs/kept', reader)).code).toBe('AccessDenied');
    expect((await link('docs/link', 'mine/x', writer)).code).toBe('AccessDenied');
    const read = { key: 'mine/link', query: { symlink: '' } };
    expect((await ask(read, reader)).status).toBe(200);
    expect((await ask(read, writer)).code).toBe('AccessDenied');
    expect((await ask({ key: 'mine/link' }, writer)).code).toBe('AccessDenied');
    const tagged = await link('mine/link', 'x', writer, { 'x-oss-tagging': 'a=b' });
    expect(tagged.code).toBe('AccessDenied');
  });

  it('is public only if its own ACL and that of its destination are', async () => {
    const open = { 'x-oss-object-acl': 'public-read' };
    await put('docs/open', open);
    await put('docs/closed');
    await link('links/open-open', 'docs/open', owner, open);
    await link('links/open-closed', 'docs/closed', owner, open);
    await link('links/closed-open', 'docs/open');

    expect((await fixture.send({ key: 'links/open-open' })).text).toBe('docs/open');
    for (const key of ['links/open-closed', 'links/closed-open']) {
      expect((await fixture.send({ key })).code).toBe('AccessDenied');
    }
  });
});

describe('the destination of a link', () => {
  it.each(ANSWERS)('is under the policies of the reader, if so selected: %s', async (isApplied) => {
    const selected = fixtures.get(isApplied) ?? fixture;
    const all = selected.addSession();
    const caller = selected.createClient(
      selected.addSession([allow(['oss:PutObject', 'oss:GetObject'], ['users/1/*'])]),
    );
    const secret = { method: 'PUT', key: 'users/2/secret', body: 'of user 2' };
    await ask(secret, all, selected);
    await caller.put('users/1/own', Buffer.from('of user 1'));
    await caller.putSymlink('users/1/to-own', 'users/1/own', {
      storageClass: 'IA',
      meta: { uid: 1, pid: 1 },
    });
    await caller.putSymlink('users/1/to-other', 'users/2/secret', {
      storageClass: 'IA',
      meta: { uid: 1, pid: 1 },
    });

    expect(await ossRefusal(caller.get('users/2/secret'))).toBe('AccessDenied');
    expect(String((await caller.get('users/1/to-own')).content)).toBe('of user 1');
    if (isApplied) {
      expect(await ossRefusal(caller.get('users/1/to-other'))).toBe('AccessDenied');
      expect(await ossRefusal(caller.head('users/1/to-other'))).toMatch(/AccessDenied|Forbidden/);
    } else {
      expect(String((await caller.get('users/1/to-other')).content)).toBe('of user 2');
    }
  });

  it('is not under the policies of the reader by default, the worst case', async () => {
    await put('users/2/secret');
    const caller = fixture.addSession([allow(['oss:PutObject', 'oss:GetObject'], ['users/1/*'])]);
    await link('users/1/link', 'users/2/secret', caller);

    expect((await ask({ key: 'users/1/link' }, caller)).text).toBe('users/2/secret');
  });
});
