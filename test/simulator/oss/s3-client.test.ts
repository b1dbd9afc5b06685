import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../../support/broker.ts';
import { type Credential, credentialOf } from '../../support/oss-client.ts';
import { addContentMd5, createS3Client, s3Refusal } from '../../support/s3-client.ts';

const Bucket = 'app-media';

let broker: TestBroker;
let credential: Credential;
let s3: S3Client;

beforeAll(async () => {
  broker = await startTestBroker();
  credential = await issue('alice');
  s3 = addContentMd5(connect(credential));
});

afterAll(() => broker.close());

async function issue(user: string): Promise<Credential> {
  const answer = await broker.ask({ claims: { sub: user } });
  return credentialOf(answer.body);
}

function connect(presented: Partial<Credential>, options?: S3ClientConfig): S3Client {
  return createS3Client(broker.simulator.oss, presented, options);
}

const put = (Key: string, Body: string | Buffer | Readable, client = s3) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }));

async function read(Key: string, client = s3): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return Body?.transformToString();
}

describe('the AWS SDK with a credential of the broker', () => {
  it('puts, gets, asks for and copies an object with its metadata', async () => {
    const Key = "users/alice/a b+c(1)'é.txt";
    const Metadata = { album: 'summer' };
    await s3.send(
      new PutObjectCommand({ Bucket, Key, Body: 'hello', ContentType: 'text/plain', Metadata }),
    );
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    const source = `${Bucket}/${encodeURIComponent(Key)}`;
    const copy = new CopyObjectCommand({ Bucket, Key: 'users/alice/copy', CopySource: source });
    const { CopyObjectResult } = await s3.send(copy);

    expect(await got.Body?.transformToString()).toBe('hello');
    expect(got.Metadata).toEqual(Metadata);
    expect(got.$metadata.requestId).toMatch(/^[0-9A-F]{24}$/);
    expect(head).toMatchObject({ ContentLength: 5, ContentType: 'text/plain', Metadata });
    expect(CopyObjectResult?.ETag).toBe(head.ETag);
    expect(await read('users/alice/copy')).toBe('hello');
  });

  it('reads a range', async () => {
    await put('users/alice/range', '0123456789');
    const Range = 'bytes=2-5';
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'users/alice/range', Range }));

    expect(await got.Body?.transformToString()).toBe('2345');
    expect(got.ContentRange).toBe('bytes 2-5/10');
  });

  it('lists a prefix page by page', async () => {
    await Promise.all(['1', '2', '3'].map((name) => put(`users/alice/list/${name}`, name)));
    const Prefix = 'users/alice/list/';
    const one = await s3.send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 2 }));
    const ContinuationToken = one.NextContinuationToken;
    const two = await s3.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }));

    expect(one).toMatchObject({ IsTruncated: true, KeyCount: 2 });
    expect([...(one.Contents ?? []), ...(two.Contents ?? [])].map(({ Key }) => Key)).toEqual(
      ['1', '2', '3'].map((name) => `${Prefix}${name}`),
    );
    expect(two.IsTruncated).toBe(false);
  });

  it('uploads a stream in parts', async () => {
    const body = randomBytes(11 * 1024 * 1024);
    const Key = 'users/alice/large';
    await new Upload({ client: s3, params: { Bucket, Key, Body: Readable.from([body]) } }).done();
    const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket, Key }));

    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
    expect(ETag).toMatch(/-3"$/);
  });

  it('deletes many objects, if it sends Content-MD5', async () => {
    await Promise.all(['1', '2'].map((name) => put(`users/alice/delete/${name}`, name)));
    const Objects = ['1', '2'].map((name) => ({ Key: `users/alice/delete/${name}` }));
    const command = () => new DeleteObjectsCommand({ Bucket, Delete: { Objects } });

    expect(await s3Refusal(connect(credential).send(command()))).toBe('400 MissingArgument');
    expect(await read('users/alice/delete/1')).toBe('1');

    expect((await s3.send(command())).Deleted).toEqual(Objects);
    expect(await s3Refusal(read('users/alice/delete/1'))).toBe('404 NoSuchKey');
  });

  it('is refused outside of its prefix', async () => {
    const neighbour = connect(await issue('bob'));
    await put('users/bob/private', 'secret', neighbour);
    const Key = 'users/bob/private';
    const list = new ListObjectsV2Command({ Bucket, Prefix: 'users/bob/' });
    const copy = { Bucket, Key: 'users/alice/stolen', CopySource: `${Bucket}/${Key}` };
    const Delete = { Objects: [{ Key: 'users/alice/x' }, { Key }] };

    expect(await read(Key, neighbour)).toBe('secret');
    for (const refused of [
      () => read(Key),
      () => put(Key, 'overwritten'),
      () => s3.send(list),
      () => s3.send(new ListObjectsV2Command({ Bucket })),
      () => s3.send(new CopyObjectCommand(copy)),
      () => s3.send(new DeleteObjectsCommand({ Bucket, Delete })),
      () => s3.send(new PutObjectCommand({ Bucket: 'other', Key: 'users/alice/x', Body: 'x' })),
      () => s3.send(new GetBucketLocationCommand({ Bucket })),
    ]) {
      expect(await s3Refusal(refused())).toBe('403 AccessDenied');
    }
    expect(await s3Refusal(s3.send(new HeadObjectCommand({ Bucket, Key })))).toMatch(/^403 /);
    expect(await read(Key, neighbour)).toBe('secret');
  });

  it('cannot publish what it uploads', async () => {
    const acl = (ACL: 'private' | 'public-read') =>
      s3.send(new PutObjectCommand({ Bucket, Key: 'users/alice/acl', Body: 'x', ACL }));

    expect(await s3Refusal(acl('public-read'))).toBe('403 AccessDenied');
    await acl('private');
  });

  it('has no conditional uploads', async () => {
    const params = { Bucket, Key: 'users/alice/once', Body: 'x', IfNoneMatch: '*' };

    expect(await s3Refusal(s3.send(new PutObjectCommand(params)))).toBe('400 NotImplemented');
    expect(await s3Refusal(read('users/alice/once'))).toBe('404 NoSuchKey');
  });
});

describe('a credential that is not whole', () => {
  it.each([
    ['a wrong secret', { AccessKeySecret: 'wrong' }, '403 SignatureDoesNotMatch'],
    ['an unknown key', { AccessKeyId: 'STS.unknown' }, '403 InvalidAccessKeyId'],
    ['another token', { SecurityToken: 'other' }, '403 InvalidSecurityToken'],
  ])('is refused for %s', async (_name, change, refusal) => {
    const broken = connect({ ...credential, ...change });

    expect(await s3Refusal(put('users/alice/broken', 'x', broken))).toBe(refusal);
    await put('users/alice/whole', 'x');
  });

  it('is refused without its token', async () => {
    const { SecurityToken: _token, ...rest } = credential;

    expect(await s3Refusal(put('users/alice/x', 'x', connect(rest)))).toBe(
      '403 InvalidAccessKeyId',
    );
  });

  it('is refused once it has expired', async () => {
    const carol = connect(await issue('carol'), { systemClockOffset: 15 * 60_000 });
    broker.clock.offsetMs = 15 * 60_000 - 5000;
    await put('users/carol/x', 'x', carol);
    broker.clock.offsetMs = 15 * 60_000;
    const refusal = await s3Refusal(put('users/carol/x', 'x', carol));
    broker.clock.offsetMs = 0;

    expect(refusal).toBe('403 SecurityTokenExpired');
  });

  it('is refused with a clock that is 16 minutes off', async () => {
    const at = (minutes: number) =>
      put('users/alice/x', 'x', connect(credential, { systemClockOffset: minutes * 60_000 }));

    await at(14);
    expect(await s3Refusal(at(16))).toBe('403 RequestTimeTooSkewed');
    await at(-14);
    expect(await s3Refusal(at(-16))).toBe('403 RequestTimeTooSkewed');
  });
});

describe('the settings of the AWS SDK', () => {
  const stream = () => Readable.from([Buffer.from('streamed')]);
  const params = () => ({
    Bucket,
    Key: 'users/alice/streamed',
    Body: stream(),
    ContentLength: 8,
  });

  it('must calculate checksums only where they are required: OSS refuses chunks of AWS', async () => {
    const usual = connect(credential, { requestChecksumCalculation: 'WHEN_SUPPORTED' });

    expect(await s3Refusal(usual.send(new PutObjectCommand(params())))).toBe('400 NotImplemented');
    await s3.send(new PutObjectCommand(params()));
    expect(await read('users/alice/streamed')).toBe('streamed');
  });

  it('may leave checksums on where the content is in memory', async () => {
    await put(
      'users/alice/memory',
      'x',
      connect(credential, { requestChecksumCalculation: 'WHEN_SUPPORTED' }),
    );

    expect(await read('users/alice/memory')).toBe('x');
  });

  it('must not ask for path style', async () => {
    for (const endpoint of [broker.simulator.oss.s3Url, broker.simulator.oss.url]) {
      const client = connect(credential, { endpoint, forcePathStyle: true });

      expect(await s3Refusal(read('users/alice/memory', client))).toBe(
        '403 SecondLevelDomainForbidden',
      );
    }
  });

  it('may name any region', async () => {
    expect(await read('users/alice/memory', connect(credential, { region: 'us-east-1' }))).toBe(
      'x',
    );
  });
});

describe('a presigned URL of the AWS SDK', () => {
  const presign = (command: GetObjectCommand | PutObjectCommand, expiresIn = 60) =>
    getSignedUrl(s3, command, { expiresIn });

  it('gets and puts one object', async () => {
    const Key = 'users/alice/presigned';
    const putUrl = await presign(new PutObjectCommand({ Bucket, Key }));
    const getUrl = await presign(new GetObjectCommand({ Bucket, Key }));

    expect(await fetchThrough(putUrl, { method: 'PUT', body: 'by URL' })).toMatchObject({
      status: 200,
    });
    expect(await fetchThrough(getUrl)).toEqual({ status: 200, text: 'by URL' });
    expect(await fetchThrough(getUrl, { method: 'PUT', body: 'x' })).toMatchObject({ status: 403 });
  });

  it('gives no more than the credential', async () => {
    const url = await presign(new GetObjectCommand({ Bucket, Key: 'users/bob/private' }));

    expect((await fetchThrough(url)).text).toContain('<Code>AccessDenied</Code>');
  });

  it('cannot publish, whether the ACL is signed or added', async () => {
    const Key = 'users/alice/presigned-acl';
    const signed = await presign(new PutObjectCommand({ Bucket, Key, ACL: 'public-read' }));
    const plain = await presign(new PutObjectCommand({ Bucket, Key }));
    const body = 'x';
    const acl = { 'x-amz-acl': 'public-read' };

    expect((await fetchThrough(signed, { method: 'PUT', body })).text).toContain('AccessDenied');
    expect((await fetchThrough(plain, { method: 'PUT', body, headers: acl })).text).toContain(
      'headers present in the request which were not signed',
    );
    expect((await fetchThrough(plain, { method: 'PUT', body })).status).toBe(200);
  });

  it('is refused once it has expired', async () => {
    const url = await presign(new GetObjectCommand({ Bucket, Key: 'users/alice/memory' }), 60);
    broker.clock.offsetMs = 58_000;
    const before = await fetchThrough(url);
    broker.clock.offsetMs = 61_000;
    const after = await fetchThrough(url);
    broker.clock.offsetMs = 0;

    expect(before.status).toBe(200);
    expect(after.status).toBe(403);
    expect(after.text).toContain('<EC>0002-00000418</EC>');
  });

  /** Sends the URL through the simulator as a proxy, as curl does with `http_proxy`. */
  function fetchThrough(
    url: string,
    init: {
      readonly method?: string;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<{ status: number; text: string }> {
    const { method = 'GET', body = '', headers = {} } = init;
    const { port } = broker.simulator.oss;
    return new Promise((resolve, reject) => {
      const length = { 'content-length': String(body.length) };
      const options = { host: '127.0.0.1', port, path: url, method };
      const sent = httpRequest({ ...options, headers: { ...headers, ...length } }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }
});
