import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RamStatement } from '../../../src/session-policy/ram-policy.ts';
import { ossRefusal } from '../../support/oss-client.ts';
import {
  type Ask,
  allow,
  EVERYTHING,
  type Keys,
  md5Of,
  type OssFixture,
  signV4,
  startOssFixture,
  textsOf,
} from './fixture.ts';

let fixture: OssFixture;
let owner: Required<Keys>;

beforeAll(async () => {
  fixture = await startOssFixture();
  owner = fixture.addSession();
  for (const key of ['mine/a', 'mine/b', 'theirs/a']) await put(key, owner);
});

afterAll(() => fixture.oss.close());

function send(ask: Ask, signer: Keys) {
  return fixture.send(signV4(ask, signer, { nowMs: fixture.now() }));
}

function put(key: string, signer: Keys, headers: Readonly<Record<string, string>> = {}) {
  return send({ method: 'PUT', key, body: key, headers }, signer);
}

describe('an operation', () => {
  const tagging = '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>';

  it.each<[string, Ask]>([
    ['oss:GetObject', { key: 'mine/a' }],
    ['oss:GetObject', { key: 'mine/a', method: 'HEAD' }],
    ['oss:GetObject', { key: 'mine/a', method: 'HEAD', query: { objectMeta: '' } }],
    ['oss:PutObject', { key: 'mine/x', method: 'PUT', body: 'x' }],
    ['oss:PutObject', { key: 'mine/x', method: 'POST', query: { uploads: '' } }],
    ['oss:DeleteObject', { key: 'mine/x', method: 'DELETE' }],
    ['oss:PutObjectAcl', { key: 'mine/a', method: 'PUT', query: { acl: '' } }],
    ['oss:GetObjectAcl', { key: 'mine/a', query: { acl: '' } }],
    [
      'oss:PutObjectTagging',
      { key: 'mine/a', method: 'PUT', query: { tagging: '' }, body: tagging },
    ],
    ['oss:GetObjectTagging', { key: 'mine/a', query: { tagging: '' } }],
    ['oss:DeleteObjectTagging', { key: 'mine/a', method: 'DELETE', query: { tagging: '' } }],
    ['oss:ListObjects', { query: { 'list-type': '2' } }],
    ['oss:ListMultipartUploads', { query: { uploads: '' } }],
    ['oss:GetBucketInfo', { query: { bucketInfo: '' } }],
  ])('needs %s and nothing else', async (action, ask) => {
    const resources: Pick<RamStatement, 'Resource'> = { Resource: 'acs:oss:*:*:app-media*' };
    const only = fixture.addSession([{ Effect: 'Allow', Action: action, ...resources }]);
    const allBut = fixture.addSession([
      EVERYTHING,
      { Effect: 'Deny', Action: action, ...resources },
    ]);

    expect((await send(ask, only)).status).toBeLessThan(300);
    expect((await send(ask, allBut)).status).toBe(403);
  });

  it('is allowed for exact resources only: a prefix does not allow keys that only begin the same', async () => {
    const keys = fixture.addSession([allow(['oss:PutObject'], ['users/1/*'])]);

    expect((await put('users/1/x', keys)).status).toBe(200);
    for (const key of ['users/1', 'users/10/x', 'users/2/x', 'x', 'users/1']) {
      expect((await put(key, keys)).code).toBe('AccessDenied');
    }
    // dots are ordinary characters of a key, and the other bucket is another resource
    expect((await put('users/1/../2/x', keys)).status).toBe(200);
    expect((await send({ key: 'users/2/x' }, owner)).code).toBe('NoSuchKey');
    expect(
      (await send({ method: 'PUT', bucket: 'other', key: 'users/1/x', body: 'x' }, keys)).code,
    ).toBe('AccessDenied');
  });

  it('needs both role and session policy, and its EC shows which of them refused', async () => {
    const keys = fixture.addSession([allow(['oss:GetObject'], ['mine/*'])]);
    const identity = fixture.cloud.identities.get(keys.accessKeyId);
    const allowPut = allow(['oss:PutObject'], ['*']);
    const denyGet: RamStatement = { ...EVERYTHING, Effect: 'Deny', Action: 'oss:GetObject' };
    const readWithRole = async (Statement: readonly RamStatement[]) => {
      if (identity === undefined) throw new Error('There is no such session.');
      const policies = [[{ Version: '1' as const, Statement }], ...identity.policies.slice(1)];
      fixture.cloud.identities.set(keys.accessKeyId, { ...identity, policies });
      return send({ key: 'mine/a' }, keys);
    };

    expect((await readWithRole([EVERYTHING])).status).toBe(200);
    const refused = { status: 403, code: 'AccessDenied' };
    expect(await send({ method: 'PUT', key: 'mine/a' }, keys)).toMatchObject({
      ...refused,
      ec: '0003-00000301',
    });
    expect(await readWithRole([allowPut])).toMatchObject({ ...refused, ec: '0003-00000001' });
    expect(await readWithRole([EVERYTHING, denyGet])).toMatchObject({
      ...refused,
      ec: '0003-00000201',
    });
  });

  it('is refused for an identity without any policy', async () => {
    const keys = fixture.addUser();
    const identity = fixture.cloud.identities.get(keys.accessKeyId);

    expect((await send({ key: 'mine/a' }, keys)).status).toBe(200);
    if (identity !== undefined)
      fixture.cloud.identities.set(keys.accessKeyId, { ...identity, policies: [] });
    expect((await send({ key: 'mine/a' }, keys)).code).toBe('AccessDenied');
  });

  it('needs the permission for versions too if it names a version', async () => {
    const ask: Ask = { key: 'mine/a', query: { versionId: 'null' } };
    const current = fixture.addSession([allow(['oss:GetObject'], ['*'])]);
    const both = fixture.addSession([allow(['oss:GetObject', 'oss:GetObjectVersion'], ['*'])]);

    expect((await send(ask, both)).status).toBe(200);
    expect((await send(ask, current)).code).toBe('AccessDenied');
  });
});

describe('DeleteMultipleObjects', () => {
  const remove = (keys: readonly string[], signer: Keys) => {
    const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('');
    const body = `<?xml version="1.0"?><Delete><Quiet>false</Quiet>${objects}</Delete>`;
    return post(body, md5Of(body), signer);
  };
  const post = (body: string, md5: string, signer: Keys) =>
    send({ method: 'POST', query: { delete: '' }, headers: { 'Content-MD5': md5 }, body }, signer);

  it('is refused as a whole if one key is not allowed', async () => {
    const keys = fixture.addSession([allow(['oss:DeleteObject'], ['del/*'])]);
    for (const key of ['del/1', 'del/2', 'theirs/del']) await put(key, owner);

    expect((await remove(['del/1', 'theirs/del', 'del/2'], keys)).code).toBe('AccessDenied');
    for (const key of ['del/1', 'del/2', 'theirs/del']) {
      expect((await send({ key }, owner)).status).toBe(200);
    }
    const { status, text } = await remove(['del/1', 'del/2'], keys);
    expect(status).toBe(200);
    expect(textsOf(text, 'Key')).toEqual(['del/1', 'del/2']);
    expect((await send({ key: 'del/1' }, owner)).code).toBe('NoSuchKey');
  });

  it('deletes exactly the keys that RAM allowed, however they are escaped', async () => {
    const keys = fixture.addSession([allow(['oss:DeleteObject'], ['esc/*'])]);
    for (const key of ['esc/&', 'esc/&lt;', 'esc/<']) await put(key, owner);

    expect((await remove(['esc/&amp;lt;', '&#101;sc/&#x26;'], keys)).status).toBe(200);
    expect((await send({ key: 'esc/&lt;' }, owner)).code).toBe('NoSuchKey');
    expect((await send({ key: 'esc/&' }, owner)).code).toBe('NoSuchKey');
    expect((await send({ key: 'esc/<' }, owner)).status).toBe(200);
    expect((await remove(['&#116;heirs/a'], keys)).code).toBe('AccessDenied');
  });

  it('is refused for an empty list and for more than 1000 keys', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => `many/${index}`);

    expect((await remove(many.slice(1), owner)).status).toBe(200);
    expect((await remove(many, owner)).code).toBe('MalformedXML');
    expect((await remove([], owner)).code).toBe('MalformedXML');
    expect((await remove([], fixture.addSession([]))).status).toBeGreaterThanOrEqual(400);
  });

  it('is refused with the MD5 of another list', async () => {
    const body = '<Delete><Object><Key>mine/none</Key></Object></Delete>';

    expect((await post(body, md5Of(body), owner)).status).toBe(200);
    expect((await post(body, md5Of('other'), owner)).code).toBe('InvalidDigest');
  });
});

describe('CopyObject', () => {
  const copy = (signer: Keys, source = '/app-media/mine/a') =>
    put('mine/copy', signer, { 'x-oss-copy-source': source });

  it('needs permission to read the source and to write the copy', async () => {
    const both = fixture.addSession([
      allow(['oss:PutObject'], ['mine/copy']),
      allow(['oss:GetObject'], ['mine/a']),
    ]);
    const reader = fixture.addSession([allow(['oss:GetObject'], ['*'])]);
    const writer = fixture.addSession([allow(['oss:PutObject'], ['*'])]);

    expect((await copy(both)).status).toBe(200);
    expect((await send({ key: 'mine/copy' }, owner)).text).toBe('mine/a');
    expect((await copy(both, '/app-media/theirs/a')).code).toBe('AccessDenied');
    expect((await copy(both, '/other/mine/a')).code).toBe('AccessDenied');
    expect((await copy(reader)).code).toBe('AccessDenied');
    expect((await copy(writer)).code).toBe('AccessDenied');
  });

  it('reads exactly the source that RAM allowed', async () => {
    const keys = fixture.addSession([allow(['oss:PutObject', 'oss:GetObject'], ['mine/*'])]);
    await put('mine/100%', owner);

    expect((await copy(keys, '/app-media/mine%2Fa')).status).toBe(200);
    expect((await copy(keys, '/app-media/mine/100%25')).status).toBe(200);
    expect((await send({ key: 'mine/copy' }, owner)).text).toBe('mine/100%');
    expect((await copy(keys, '/app-media/mine/../theirs/a')).code).toBe('NoSuchKey');
    expect((await copy(keys, '/app-media/%74heirs/a')).code).toBe('AccessDenied');
  });

  it.each(['%zz', '', '/', '/app-media', '/app-media/'])(
    'is refused for the source "%s"',
    async (source) => {
      expect((await copy(owner)).status).toBe(200);
      expect((await copy(owner, source)).status).toBeGreaterThanOrEqual(400);
    },
  );
});

describe('tags', () => {
  const tags = { 'x-oss-tagging': 'team=a&level=2' };

  it('need their own permission in an upload', async () => {
    const plain = fixture.addSession([allow(['oss:PutObject'], ['tagged/*'])]);
    const tagger = fixture.addSession([
      allow(['oss:PutObject', 'oss:PutObjectTagging'], ['tagged/*']),
    ]);

    expect((await put('tagged/x', plain)).status).toBe(200);
    expect((await put('tagged/x', plain, tags)).code).toBe('AccessDenied');
    expect((await put('tagged/x', tagger, tags)).status).toBe(200);
    const { text } = await send({ key: 'tagged/x', query: { tagging: '' } }, owner);
    expect(textsOf(text, 'Key')).toEqual(['team', 'level']);
    expect(textsOf(text, 'Value')).toEqual(['a', '2']);
    const begin: Ask = { method: 'POST', key: 'tagged/y', query: { uploads: '' } };
    expect((await send(begin, plain)).status).toBe(200);
    expect((await send({ ...begin, headers: tags }, plain)).code).toBe('AccessDenied');
  });

  it('are deleted without the object', async () => {
    await put('tagged/z', owner, tags);
    const ask: Ask = { key: 'tagged/z', query: { tagging: '' } };

    expect((await send({ ...ask, method: 'DELETE' }, owner)).status).toBe(204);
    expect(textsOf((await send(ask, owner)).text, 'Key')).toEqual([]);
    expect((await send({ key: 'tagged/z' }, owner)).status).toBe(200);
  });
});

describe('an anonymous request', () => {
  it('can read published objects and nothing else', async () => {
    await put('public', owner, { 'x-oss-object-acl': 'public-read' });
    await put('open', owner, { 'x-oss-object-acl': 'public-read-write' });
    await put('private', owner, { 'x-oss-object-acl': 'private' });

    expect(await fixture.send({ key: 'public' })).toMatchObject({ status: 200, text: 'public' });
    expect((await fixture.send({ key: 'public', method: 'HEAD' })).status).toBe(200);
    expect((await fixture.send({ key: 'open' })).status).toBe(200);
    for (const key of ['private', 'mine/a', 'missing']) {
      expect(await fixture.send({ key })).toMatchObject({ status: 403, code: 'AccessDenied' });
    }
    expect((await fixture.send({})).code).toBe('AccessDenied');
    expect((await fixture.send({ key: 'public', query: { acl: '' } })).code).toBe('AccessDenied');
    expect((await fixture.send({ key: 'public', method: 'DELETE' })).code).toBe('AccessDenied');
    expect((await fixture.send({ key: 'public', method: 'PUT', body: 'x' })).code).toBe(
      'AccessDenied',
    );
  });

  it('cannot read an object that was made private again or overwritten', async () => {
    const publish = () => put('changing', owner, { 'x-oss-object-acl': 'public-read' });
    const acl: Ask = { method: 'PUT', key: 'changing', query: { acl: '' } };

    await publish();
    expect((await fixture.send({ key: 'changing' })).status).toBe(200);
    await send({ ...acl, headers: { 'x-oss-object-acl': 'private' } }, owner);
    expect((await fixture.send({ key: 'changing' })).status).toBe(403);
    await publish();
    await put('changing', owner);
    expect((await fixture.send({ key: 'changing' })).status).toBe(403);
  });

  it('is not assumed for a request with an unreadable signature', async () => {
    await put('public', owner, { 'x-oss-object-acl': 'public-read' });
    const read = (Authorization: string) =>
      fixture.send({ key: 'public', headers: { Authorization } });

    for (const Authorization of ['Bearer x', 'OSS', 'OSS4-HMAC-SHA256 nonsense', 'OSS a:b']) {
      expect((await read(Authorization)).status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('a condition', () => {
  const deny = (condition: RamStatement['Condition']): RamStatement => ({
    Effect: 'Deny',
    Action: 'oss:*',
    Resource: '*',
    ...(condition === undefined ? {} : { Condition: condition }),
  });

  it.each<[string, RamStatement, Ask, Ask]>([
    [
      'on the ACL of an object',
      deny({ StringEquals: { 'oss:x-oss-object-acl': ['public-read', 'public-read-write'] } }),
      { method: 'PUT', key: 'mine/c', body: 'x' },
      { method: 'PUT', key: 'mine/c', body: 'x', headers: { 'x-oss-object-acl': 'public-read' } },
    ],
    [
      'on the prefix of a listing',
      deny({ StringLike: { 'oss:Prefix': ['theirs/*'] } }),
      { query: { prefix: 'mine/' } },
      { query: { prefix: 'theirs/x' } },
    ],
    [
      'on the browser',
      deny({ StringLike: { 'acs:UserAgent': ['*bad*'] } }),
      { key: 'mine/a', headers: { 'User-Agent': 'good' } },
      { key: 'mine/a', headers: { 'User-Agent': 'a bad one' } },
    ],
  ])('%s is applied', async (_what, statement, good, bad) => {
    const keys = fixture.addSession([EVERYTHING, statement]);

    expect((await send(good, keys)).status).toBe(200);
    expect((await send(bad, keys)).code).toBe('AccessDenied');
  });

  it.each([
    { condition: { IpAddress: { 'acs:SourceIp': '10.0.0.0/8' } }, status: 403 },
    { condition: { IpAddress: { 'acs:SourceIp': '127.0.0.0/8' } }, status: 200 },
    { condition: { Bool: { 'acs:SecureTransport': 'true' } }, status: 403 },
    { condition: { Bool: { 'acs:SecureTransport': 'false' } }, status: 200 },
    { condition: { DateLessThan: { 'acs:CurrentTime': '2000-01-01T00:00:00Z' } }, status: 403 },
    { condition: { DateLessThan: { 'acs:CurrentTime': '2100-01-01T00:00:00Z' } }, status: 200 },
  ])('$condition leads to status $status', async ({ condition, status }) => {
    const keys = fixture.addSession([{ ...allow(['oss:*'], ['*']), Condition: condition }]);

    expect((await send({ key: 'mine/a' }, keys)).status).toBe(status);
  });

  it('on a prefix is not met by an object request with a prefix parameter', async () => {
    const keys = fixture.addSession([
      { ...EVERYTHING, Condition: { StringLike: { 'oss:Prefix': 'mine/*' } } },
    ]);

    expect((await send({ query: { prefix: 'mine/' } }, keys)).status).toBe(200);
    expect((await send({ key: 'theirs/a', query: { prefix: 'mine/' } }, keys)).code).toBe(
      'AccessDenied',
    );
  });
});

describe.each([{ authorizationV4: false }, { authorizationV4: true }])(
  'the vendor’s client, with %o',
  (signing) => {
    it('is limited to its prefix in every operation', async () => {
      const keys = fixture.addSession([
        allow(['oss:PutObject', 'oss:GetObject', 'oss:DeleteObject'], ['sdk/*']),
      ]);
      const client = fixture.createClient(keys, signing);

      await client.put('sdk/a', Buffer.from('a'));
      await client.copy('sdk/b', 'sdk/a');
      expect((await client.get('sdk/b')).content.toString()).toBe('a');
      await client.deleteMulti(['sdk/a', 'sdk/b']);
      expect(await ossRefusal(client.get('sdk/a'))).toBe('NoSuchKey');

      expect(await ossRefusal(client.get('theirs/a'))).toBe('AccessDenied');
      expect(await ossRefusal(client.copy('sdk/c', 'theirs/a'))).toBe('AccessDenied');
      expect(await ossRefusal(client.deleteMulti(['sdk/a', 'theirs/a']))).toBe('AccessDenied');
      expect((await send({ key: 'theirs/a' }, owner)).status).toBe(200);
    });
  },
);
