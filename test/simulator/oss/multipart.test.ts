import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ossRefusal } from '../../support/oss-client.ts';
import {
  type Ask,
  allow,
  type Keys,
  type OssFixture,
  signV4,
  startOssFixture,
  textOf,
  textsOf,
} from './fixture.ts';

const PAGE = { 'max-parts': 10, 'part-number-marker': 0, 'encoding-type': 'url' } as const;
const PART = Buffer.alloc(100 * 1024, 'p');

let fixture: OssFixture;
let keys: Required<Keys>;

beforeAll(async () => {
  fixture = await startOssFixture();
  keys = fixture.addSession();
});

afterAll(() => fixture.oss.close());

function send(ask: Ask, signer: Keys = keys) {
  return fixture.send(signV4(ask, signer, { nowMs: fixture.now() }));
}

async function initiate(key: string, headers: Readonly<Record<string, string>> = {}) {
  const { text } = await send({ method: 'POST', key, query: { uploads: '' }, headers });
  return textOf(text, 'UploadId');
}

async function putPart(
  upload: { readonly key: string; readonly uploadId: string },
  partNumber: number,
  body: Buffer = PART,
) {
  const { key, uploadId } = upload;
  const query = { partNumber: String(partNumber), uploadId };
  const { headers } = await send({ method: 'PUT', key, query, body });
  return { partNumber, etag: String(headers['etag']) };
}

function complete(
  upload: { readonly key: string; readonly uploadId: string },
  parts: readonly { readonly partNumber: number; readonly etag: string }[],
  headers: Readonly<Record<string, string>> = {},
) {
  const { key, uploadId } = upload;
  const inner = parts.map(
    ({ partNumber, etag }) =>
      `<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${inner.join('')}</CompleteMultipartUpload>`;
  return send({ method: 'POST', key, query: { uploadId }, headers, body });
}

describe('a multipart upload by hand', () => {
  it('becomes one object of the listed parts in their order', async () => {
    const key = 'parts/video';
    const upload = { key, uploadId: await initiate(key, { 'Content-Type': 'video/mp4' }) };
    const last = await putPart(upload, 5, Buffer.from('end'));
    await putPart(upload, 3);
    const first = await putPart(upload, 1);

    expect((await send({ key })).code).toBe('NoSuchKey');
    const { status, text } = await complete(upload, [first, last]);
    const got = await send({ key });

    expect(status).toBe(200);
    expect(textOf(text, 'ETag')).toMatch(/-2(&quot;|")?$/);
    expect(got.text).toBe(`${PART.toString()}end`);
    expect(got.headers['content-type']).toBe('video/mp4');
  });

  it('ends when it is completed', async () => {
    const upload = { key: 'parts/once', uploadId: await initiate('parts/once') };
    const parts = [await putPart(upload, 1)];

    expect((await complete(upload, parts)).status).toBe(200);
    expect((await complete(upload, parts)).code).toBe('NoSuchUpload');
  });

  it('uses the latest part with a number', async () => {
    const upload = { key: 'parts/twice', uploadId: await initiate('parts/twice') };
    const old = await putPart(upload, 1, Buffer.from('old'));
    const now = await putPart(upload, 1, Buffer.from('new'));

    expect((await complete(upload, [old])).code).toBe('InvalidPart');
    expect((await complete(upload, [now])).status).toBe(200);
    expect((await send({ key: upload.key })).text).toBe('new');
  });

  it.each<[string, string, (parts: readonly { partNumber: number; etag: string }[]) => object[]]>([
    ['no parts', 'MalformedXML', () => []],
    ['a missing part', 'InvalidPart', (parts) => [...parts, { partNumber: 9, etag: '"X"' }]],
    [
      'another ETag',
      'InvalidPart',
      ([one]) => [{ ...one, etag: '"D41D8CD98F00B204E9800998ECF8427E"' }],
    ],
    ['another order', 'InvalidPartOrder', (parts) => [...parts].reverse()],
    ['a part twice', 'InvalidPartOrder', ([one]) => [{ ...one }, { ...one }]],
  ])('cannot be completed with %s', async (_what, code, change) => {
    const upload = { key: 'parts/bad', uploadId: await initiate('parts/bad') };
    const parts = [await putPart(upload, 1), await putPart(upload, 2)];
    const changed = change(parts).map((part) => ({ partNumber: 0, etag: '', ...part }));

    expect((await complete(upload, changed)).code).toBe(code);
    expect((await complete(upload, parts)).status).toBe(200);
  });

  it('accepts a small part only as the last', async () => {
    const upload = { key: 'parts/small', uploadId: await initiate('parts/small') };
    const small = await putPart(upload, 1, Buffer.from('small'));
    const second = await putPart(upload, 2);

    expect((await complete(upload, [small, second])).code).toBe('EntityTooSmall');
    expect((await complete(upload, [await putPart(upload, 1), small].slice(0, 1))).status).toBe(
      200,
    );
  });

  it.each(['0', '10001', 'x', '1.5'])('refuses the part number %s', async (partNumber) => {
    const key = 'parts/number';
    const uploadId = await initiate(key);
    const put = (number: string) =>
      send({ method: 'PUT', key, query: { partNumber: number, uploadId }, body: PART });

    expect((await put('10000')).status).toBe(200);
    expect((await put(partNumber)).code).toBe('InvalidArgument');
  });

  it('belongs to its key: the id is useless for other keys', async () => {
    const upload = { key: 'parts/mine', uploadId: await initiate('parts/mine') };
    const part = await putPart(upload, 1);
    const { uploadId } = upload;
    const elsewhere: readonly Ask[] = [
      { method: 'PUT', query: { partNumber: '1', uploadId }, body: PART },
      { method: 'GET', query: { uploadId } },
      { method: 'DELETE', query: { uploadId } },
    ];

    for (const ask of elsewhere) {
      expect((await send({ ...ask, key: 'parts/other' })).code).toBe('NoSuchUpload');
      expect((await send({ ...ask, bucket: 'other', key: upload.key })).code).toBe('NoSuchUpload');
    }
    expect((await complete({ ...upload, key: 'parts/other' }, [part])).code).toBe('NoSuchUpload');
    expect((await complete(upload, [part])).status).toBe(200);
  });

  it('can be aborted', async () => {
    const upload = { key: 'parts/gone', uploadId: await initiate('parts/gone') };
    const part = await putPart(upload, 1);
    const query = { uploadId: upload.uploadId };

    const { text } = await send({ key: upload.key, query });
    expect(textsOf(text, 'PartNumber')).toContain('1');
    expect((await send({ method: 'DELETE', key: upload.key, query })).status).toBe(204);
    expect((await complete(upload, [part])).code).toBe('NoSuchUpload');
  });

  it('is listed in the bucket until it ends', async () => {
    const uploadId = await initiate('parts/listed');
    const list = async () => textsOf((await send({ query: { uploads: '' } })).text, 'UploadId');

    expect(await list()).toContain(uploadId);
    await send({ method: 'DELETE', key: 'parts/listed', query: { uploadId } });
    expect(await list()).not.toContain(uploadId);
  });
});

describe('a multipart upload of a narrowed session', () => {
  const narrow = () =>
    fixture.addSession([
      allow(['oss:PutObject', 'oss:ListParts'], ['mine/*']),
      {
        Effect: 'Deny',
        Action: 'oss:PutObject',
        Resource: '*',
        Condition: { StringEquals: { 'oss:x-oss-object-acl': ['public-read'] } },
      },
    ]);

  it('needs PutObject for the key in every step, and a separate permission to abort', async () => {
    const signer = narrow();
    const start = async (key: string) =>
      send({ method: 'POST', key, query: { uploads: '' } }, signer);
    const uploadId = textOf((await start('mine/x')).text, 'UploadId');
    const foreign = await initiate('theirs/x');
    const steps = (key: string, id: string): readonly Ask[] => [
      { method: 'PUT', key, query: { partNumber: '1', uploadId: id }, body: PART },
      { method: 'GET', key, query: { uploadId: id } },
    ];

    expect((await start('theirs/x')).code).toBe('AccessDenied');
    for (const ask of steps('mine/x', uploadId)) expect((await send(ask, signer)).status).toBe(200);
    for (const ask of steps('theirs/x', foreign)) {
      expect((await send(ask, signer)).code).toBe('AccessDenied');
    }
    const abort: Ask = { method: 'DELETE', key: 'mine/x', query: { uploadId } };
    expect((await send(abort, signer)).code).toBe('AccessDenied');
    expect((await send(abort)).status).toBe(204);
    expect((await send({ query: { uploads: '' } }, signer)).code).toBe('AccessDenied');
  });

  it('cannot publish the object, neither at the start nor at the end', async () => {
    const signer = narrow();
    const headers = { 'x-oss-object-acl': 'public-read' };
    const start = (more: Ask) =>
      send({ method: 'POST', key: 'mine/p', query: { uploads: '' }, ...more }, signer);
    const uploadId = textOf((await start({})).text, 'UploadId');
    await send(
      { method: 'PUT', key: 'mine/p', query: { partNumber: '1', uploadId }, body: PART },
      signer,
    );
    const end: Ask = { method: 'POST', key: 'mine/p', query: { uploadId }, headers, body: '<x/>' };

    expect((await start({ headers })).code).toBe('AccessDenied');
    expect((await send(end, signer)).code).toBe('AccessDenied');
    // an identity that may publish succeeds with the same header
    const upload = { key: 'parts/public', uploadId: await initiate('parts/public') };
    await complete(upload, [await putPart(upload, 1)], headers);
    expect((await fixture.send({ key: 'parts/public' })).status).toBe(200);
  });

  it('cannot copy a part from an object that it may not read', async () => {
    await send({ method: 'PUT', key: 'theirs/secret', body: PART });
    const key = 'mine/copied';
    const uploadId = await initiate(key);
    const copyPart: Ask = {
      method: 'PUT',
      key,
      query: { partNumber: '1', uploadId },
      headers: { 'x-oss-copy-source': '/app-media/theirs/secret' },
    };

    expect((await send(copyPart, narrow())).code).toBe('AccessDenied');
    const allowed = await send(copyPart);
    expect(allowed.status).toBe(200);
    const etag = textOf(allowed.text, 'ETag').replaceAll('&quot;', '"');
    expect((await complete({ key, uploadId }, [{ partNumber: 1, etag }])).status).toBe(200);
    expect((await send({ key })).text).toBe(PART.toString());
  });
});

describe.each([{ authorizationV4: false }, { authorizationV4: true }])(
  'the vendor’s client, with %o',
  (signing) => {
    it('uploads parts in parallel, lists parts, and aborts', async () => {
      const client = fixture.createClient(keys, signing);
      const video = randomBytes(350_000);

      await client.multipartUpload('sdk/video', video, { partSize: 102_400, parallel: 3 });
      const { content } = await client.get('sdk/video');
      const { uploadId } = await client.initMultipartUpload('sdk/other');
      for (const number of [1, 2]) {
        await client.uploadPart('sdk/other', uploadId, number, PART, 0, PART.length);
      }
      const { parts } = await client.listParts('sdk/other', uploadId, PAGE);
      await client.abortMultipartUpload('sdk/other', uploadId);

      expect(video.equals(content)).toBe(true);
      expect(parts.length).toBe(2);
      expect(await ossRefusal(client.listParts('sdk/other', uploadId, PAGE))).toBe('NoSuchUpload');
    });

    it('copies an object in parts', async () => {
      const client = fixture.createClient(keys, signing);
      const source = randomBytes(250_000);
      await client.put('sdk/source', source);

      await client.multipartUploadCopy(
        'sdk/copy',
        {
          sourceKey: 'sdk/source',
          sourceBucketName: 'app-media',
          startOffset: 0,
          endOffset: source.length,
        },
        { partSize: 102_400 },
      );

      expect(source.equals((await client.get('sdk/copy')).content)).toBe(true);
    });
  },
);
