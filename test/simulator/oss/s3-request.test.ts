import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type Ask,
  type Keys,
  type OssFixture,
  signV4,
  startOssFixture,
} from './fixture.ts';
import { presignS3, S3_HOST, signS3 } from './s3-sign.ts';

let fixture: OssFixture;
let keys: Keys;

beforeAll(async () => {
  fixture = await startOssFixture();
  keys = fixture.addUser();
  await send({ method: 'PUT', key: 'a.txt', body: 'text' });
});

afterAll(() => fixture.oss.close());

const send = (ask: Ask, contentHash?: string): Promise<Answer> => {
  const signing = { nowMs: fixture.now(), ...(contentHash === undefined ? {} : { contentHash }) };
  return fixture.send(signS3(ask, keys, signing), { host: S3_HOST });
};

const put = (headers: Readonly<Record<string, string>>, contentHash?: string) =>
  send({ method: 'PUT', key: 'new', body: 'x', headers }, contentHash);

describe('chunks of AWS', () => {
  it.each(['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'])(
    'are not implemented: %s',
    async (hash) => {
      const answer = await put({ 'content-encoding': 'aws-chunked' }, hash);

      expect([answer.status, answer.code]).toEqual([400, 'NotImplemented']);
      expect(answer.text).toContain(`Aws MultiChunkedEncoding ${hash} is not supported.`);
    },
  );

  it('are refused with any other hash, as the page of the vendor shows', async () => {
    for (const encoding of ['aws-chunked', 'gzip, AWS-chunked']) {
      const answer = await put({ 'content-encoding': encoding }, 'UNSIGNED-PAYLOAD');

      expect([answer.status, answer.code, answer.ec]).toEqual([
        400,
        'InvalidArgument',
        '0017-00000804',
      ]);
      expect(answer.text).toContain(
        '<Message>aws-chunked encoding is not supported with the specified x-amz-content-sha256 value.</Message>',
      );
      expect(answer.text).toContain(
        '<ArgumentName>Content-Encoding</ArgumentName><ArgumentValue>aws-chunked</ArgumentValue>',
      );
    }
  });
});

describe('what S3 has and OSS has not', () => {
  it.each(['if-match', 'if-none-match', 'x-amz-grant-read', 'x-amz-grant-full-control'])(
    'is not implemented: %s on an upload',
    async (name) => {
      const { status, code } = await put({ [name]: '*' });

      expect([status, code]).toEqual([400, 'NotImplemented']);
    },
  );

  it('leaves the conditions of a download', async () => {
    expect((await send({ key: 'a.txt', headers: { 'if-match': '"0"' } })).status).toBe(412);
    expect((await send({ key: 'a.txt', headers: { 'if-none-match': '"0"' } })).status).toBe(200);
  });

  it.each([
    ['GET', 'acl'],
    ['PUT', 'acl'],
    ['GET', 'attributes'],
    ['DELETE', 'legal-hold'],
    ['PUT', 'retention'],
    ['GET', 'torrent'],
  ])('is no operation of the simulator: %s ?%s', async (method, name) => {
    const ask = {
      method,
      key: 'a.txt',
      query: { [name]: '' },
      ...(method === 'PUT' ? { body: '<a/>' } : {}),
    };

    expect((await send(ask)).code).toBe('NotImplemented');
    expect((await send({ key: 'a.txt' })).text).toBe('text');
  });
});

describe('a header of S3', () => {
  it('sets the ACL of an object, new or old', async () => {
    const anonymous = (key: string) => fixture.send({ key }, { host: S3_HOST });
    const acl = { 'x-amz-acl': 'public-read' };
    await put(acl);
    await send({ method: 'PUT', key: 'a.txt', query: { acl: '' }, headers: acl });

    expect((await anonymous('new')).text).toBe('x');
    expect((await anonymous('a.txt')).text).toBe('text');
    await put({ 'x-amz-acl': 'private' });
    expect((await anonymous('new')).code).toBe('AccessDenied');
    expect((await put({ 'x-amz-acl': 'authenticated-read' })).code).toBe('InvalidArgument');
  });

  it('sets the ACL as a parameter of a signed URL too', async () => {
    const query = { 'x-amz-acl': 'public-read' };
    const ask: Ask = { method: 'PUT', key: 'by-url', body: 'x', query };
    const url = presignS3(ask, keys, { nowMs: fixture.now(), expires: '60' });
    await fixture.send(url, { host: S3_HOST });

    expect((await fixture.send({ key: 'by-url' }, { host: S3_HOST })).text).toBe('x');
  });

  it('is no header of S3 in the query of any other request', async () => {
    await send({
      method: 'PUT',
      key: 'by-query',
      body: 'x',
      query: { 'x-amz-acl': 'public-read' },
    });

    expect((await fixture.send({ key: 'by-query' }, { host: S3_HOST })).code).toBe('AccessDenied');
  });

  it('means nothing to the other side', async () => {
    const headers = { 'x-amz-meta-a': 'one', 'x-amz-acl': 'public-read' };
    const ask: Ask = { method: 'PUT', key: 'native', body: 'x', headers };
    const signed = signV4(ask, keys, { nowMs: fixture.now() });
    expect((await fixture.send(signed)).status).toBe(200);
    const got = await send({ key: 'native' });

    expect(got.headers['x-amz-meta-a']).toBeUndefined();
    expect((await fixture.send({ key: 'native' })).code).toBe('AccessDenied');
  });

  it('needs the permission for tags', async () => {
    const writer = fixture.addSession([
      { Effect: 'Allow', Action: 'oss:PutObject', Resource: '*' },
    ]);
    const tagged = (headers: Readonly<Record<string, string>>) =>
      fixture.send(
        signS3({ method: 'PUT', key: 't', body: 'x', headers }, writer, { nowMs: fixture.now() }),
        { host: S3_HOST },
      );

    expect((await tagged({})).status).toBe(200);
    expect((await tagged({ 'x-amz-tagging': 'a=1' })).code).toBe('AccessDenied');
  });

  it('of OSS works beside it', async () => {
    const once = { 'x-oss-forbid-overwrite': 'true' };

    expect((await put(once)).code).toBe('FileAlreadyExists');
  });
});

describe('a list of objects to delete', () => {
  it('needs Content-MD5 on both sides', async () => {
    const body = '<Delete><Object><Key>a.txt</Key></Object></Delete>';
    const ask: Ask = { method: 'POST', query: { delete: '' }, body };
    const native = await fixture.send(signV4(ask, keys, { nowMs: fixture.now() }));

    for (const { status, code, ec } of [native, await send(ask)]) {
      expect([status, code, ec]).toEqual([400, 'MissingArgument', '0016-00000606']);
    }
    expect((await send({ key: 'a.txt' })).text).toBe('text');
  });
});

describe('the address of a request to the S3 side', () => {
  const signedFor = (host: string, key: string) =>
    fixture.send(signS3({ key }, keys, { nowMs: fixture.now(), host }), { host });

  it.each([
    '127.0.0.1',
    'localhost',
    's3.localhost',
    's3.oss-cn-hangzhou.aliyuncs.com',
    'oss-cn-hangzhou.aliyuncs.com',
  ])('has no bucket in the path: %s', async (host) => {
    const { status, code } = await signedFor(host, 'app-media/a.txt');

    expect([status, code]).toEqual([403, 'SecondLevelDomainForbidden']);
  });

  it('may be that of the service', async () => {
    const listed = await signedFor('s3.oss-cn-hangzhou.aliyuncs.com', '');

    expect(listed.text).toContain('<Name>app-media</Name>');
  });

  it('has no bucket in the path of an endpoint on the other side either', async () => {
    const host = 'oss-cn-hangzhou.aliyuncs.com';
    const ask = signV4({ key: 'a.txt' }, keys, { nowMs: fixture.now() });
    const answer = await fixture.sendRaw('GET', '/app-media/a.txt', {
      headers: { ...ask.headers, Host: host },
    });

    expect(answer.code).toBe('SecondLevelDomainForbidden');
  });

  it('may be a whole URL, as a proxy gets it, whose host is the one that counts', async () => {
    const { headers = {} } = signS3({ key: 'a.txt' }, keys, { nowMs: fixture.now() });
    const through = (host: string, sent: string) =>
      fixture.sendRaw('GET', `http://${host}/a.txt`, { headers: { ...headers, Host: sent } });

    expect((await through(S3_HOST, 'anything')).text).toBe('text');
    // DuckDB names the usual port in the URL, and signs a Host without it
    expect((await through(`${S3_HOST}:80`, S3_HOST)).text).toBe('text');
    expect((await through(S3_HOST.replace('app-media', 'other'), S3_HOST)).code).toBe(
      'SignatureDoesNotMatch',
    );
  });

  it('tells the location of a bucket, and that there is one', async () => {
    expect((await send({ query: { location: '' } })).text).toContain('>oss-cn-hangzhou<');
    expect((await send({ method: 'HEAD' })).status).toBe(200);
  });
});
