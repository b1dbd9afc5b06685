import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Ask, type Keys, type OssFixture, startOssFixture } from './fixture.ts';
import { presignS3, S3_HOST, type SigningS3, sha256, signS3 } from './s3-sign.ts';

let fixture: OssFixture;
let session: Required<Keys>;

beforeAll(async () => {
  fixture = await startOssFixture();
  session = fixture.addSession();
  expect((await send(signed({ method: 'PUT', key: 'a.txt', body: 'text' }))).status).toBe(200);
});

afterAll(() => fixture.oss.close());

type Signing = Partial<SigningS3>;

const send = (ask: Ask, host = S3_HOST): Promise<Answer> => fixture.send(ask, { host });

const signed = (ask: Ask, signing: Signing = {}, keys: Keys = session): Ask =>
  signS3(ask, keys, { nowMs: fixture.now(), ...signing });

const presigned = (ask: Ask, signing: Signing & { readonly expires?: string } = {}): Ask =>
  presignS3(ask, session, { nowMs: fixture.now(), expires: '60', ...signing });

/** Replaces text in the value of one header. */
function withHeader(ask: Ask, name: string, change: (value: string) => string): Ask {
  return { ...ask, headers: { ...ask.headers, [name]: change(ask.headers?.[name] ?? '') } };
}

function withoutParameter(ask: Ask, dropped: string): Ask {
  const kept = Object.entries(ask.query ?? {}).filter(([name]) => name !== dropped);
  return { ...ask, query: Object.fromEntries(kept) };
}

const GET: Ask = { key: 'a.txt' };

describe('a request signed with version 4 of AWS', () => {
  it('is taken from a session with its token and from a RAM user without one', async () => {
    expect((await send(signed(GET))).text).toBe('text');
    expect((await send(signed(GET, {}, fixture.addUser()))).text).toBe('text');
    expect((await send(presigned(GET))).text).toBe('text');
  });

  it('is taken on the usual endpoint and on a port too', async () => {
    for (const host of ['app-media.oss-cn-hangzhou.aliyuncs.com', 'app-media.s3.localhost:9001']) {
      expect((await send(signed(GET, { host }), host)).text).toBe('text');
    }
  });

  it('is taken for any region, whose key it was signed with', async () => {
    const elsewhere = signed(GET, { region: 'us-east-1' });
    const renamed = withHeader(elsewhere, 'Authorization', (value) =>
      value.replace('us-east-1', 'cn-hangzhou'),
    );

    expect((await send(elsewhere)).text).toBe('text');
    expect((await send(renamed)).code).toBe('SignatureDoesNotMatch');
  });

  it('is answered with the request id of both sides and the metadata of S3', async () => {
    const headers = { 'x-amz-meta-album': 'summer', 'content-type': 'text/plain' };
    await send(signed({ method: 'PUT', key: 'meta', body: 'x', headers }));
    const answer = await send(signed({ key: 'meta' }));

    expect(answer.headers['x-amz-request-id']).toMatch(/^[0-9A-F]{24}$/);
    expect(answer.headers['x-oss-request-id']).toBe(answer.headers['x-amz-request-id']);
    expect(answer.headers['x-amz-meta-album']).toBe('summer');
    expect(answer.headers['x-oss-meta-album']).toBeUndefined();
  });

  it('is decided by the same policies, with the same condition keys', async () => {
    const Action = ['oss:PutObject', 'oss:GetObject'];
    const reader = fixture.addSession([
      { Effect: 'Allow', Action, Resource: 'acs:oss:*:*:app-media/mine/*' },
      {
        Effect: 'Deny',
        Action,
        Resource: '*',
        Condition: { StringEquals: { 'oss:x-oss-object-acl': ['public-read'] } },
      },
    ]);
    const put = (key: string, acl?: string) =>
      send(
        signed(
          {
            method: 'PUT',
            key,
            body: 'x',
            headers: acl === undefined ? {} : { 'x-amz-acl': acl },
          },
          {},
          reader,
        ),
      );

    expect((await put('mine/x')).status).toBe(200);
    expect((await put('mine/x', 'private')).status).toBe(200);
    expect((await put('mine/x', 'public-read')).code).toBe('AccessDenied');
    expect((await put('theirs/x')).code).toBe('AccessDenied');
    expect((await send(signed({ key: 'mine/x' }, {}, reader))).text).toBe('x');
    expect((await send(signed(GET, {}, reader))).code).toBe('AccessDenied');
  });
});

describe('a signature over other bytes', () => {
  const rich = () =>
    signed({
      method: 'PUT',
      key: 'dir/b c.txt',
      query: { 'x-id': 'PutObject', empty: '' },
      headers: { 'content-type': 'text/plain', 'x-amz-meta-a': 'one' },
      body: 'body',
    });

  it.each<[string, (ask: Ask) => Ask, string?]>([
    ['the method', (ask) => ({ ...ask, method: 'GET', body: 'body' })],
    ['the key', (ask) => ({ ...ask, key: 'dir/b c.txu' })],
    ['another case of the key', (ask) => ({ ...ask, key: 'dir/B c.txt' })],
    ['the value of a parameter', (ask) => ({ ...ask, query: { ...ask.query, 'x-id': 'x' } })],
    ['a further parameter', (ask) => ({ ...ask, query: { ...ask.query, versionId: 'null' } })],
    ['a missing parameter', (ask) => withoutParameter(ask, 'empty')],
    ['a signed header', (ask) => withHeader(ask, 'x-amz-meta-a', () => 'two')],
    ['the content type', (ask) => withHeader(ask, 'content-type', () => 'text/html')],
    [
      'the token',
      (ask) => withHeader(ask, 'x-amz-security-token', (token) => `${token}x`),
      'InvalidSecurityToken',
    ],
    [
      'the second',
      (ask) =>
        withHeader(ask, 'x-amz-date', (date) =>
          date.replace(/\dZ/, (end) => (end === '0Z' ? '1Z' : '0Z')),
        ),
    ],
    ['the body', (ask) => ({ ...ask, body: 'bodY' }), 'XAmzContentSHA256Mismatch'],
    [
      'the body and its hash',
      (ask) => withHeader({ ...ask, body: 'bodY' }, 'x-amz-content-sha256', () => sha256('bodY')),
    ],
    [
      'a body that goes unsigned',
      (ask) =>
        withHeader({ ...ask, body: 'bodY' }, 'x-amz-content-sha256', () => 'UNSIGNED-PAYLOAD'),
    ],
    [
      'the list of signed headers',
      (ask) => withHeader(ask, 'Authorization', (value) => value.replace('content-type;', '')),
    ],
  ])('is refused: %s', async (_name, change, code = 'SignatureDoesNotMatch') => {
    expect((await send(change(rich()))).code).toBe(code);
    expect((await send(rich())).status).toBe(200);
  });

  it('is refused for another bucket', async () => {
    const elsewhere = S3_HOST.replace('app-media', 'other');

    expect((await send(signed(GET), elsewhere)).code).toBe('SignatureDoesNotMatch');
    expect((await send(presigned(GET), elsewhere)).code).toBe('SignatureDoesNotMatch');
  });

  it('is refused whatever digit of it and whatever character of the key differ', async () => {
    const position = fc.nat({ max: 63 });
    const digit = fc.constantFrom(...'0123456789abcdef');
    await fc.assert(
      fc.asyncProperty(
        position,
        digit,
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.boolean(),
        async (at, other, key, isUrl) => {
          fc.pre(!/^[/\\]/.test(key) && key.isWellFormed());
          const ask = isUrl ? presigned({ key }) : signed({ key });
          const change = (text: string) => {
            const start = isUrl ? 0 : text.indexOf('Signature=') + 'Signature='.length;
            const replaced = text[start + at] === other ? (other === '0' ? '1' : '0') : other;
            return text.slice(0, start + at) + replaced + text.slice(start + at + 1);
          };
          const forged = isUrl
            ? {
                ...ask,
                query: {
                  ...ask.query,
                  'X-Amz-Signature': change(ask.query?.['X-Amz-Signature'] ?? ''),
                },
              }
            : withHeader(ask, 'Authorization', change);

          expect((await send(ask)).code).toBe('NoSuchKey');
          expect((await send(forged)).code).toBe('SignatureDoesNotMatch');
          expect((await send({ ...ask, key: `${key}x` })).code).toBe('SignatureDoesNotMatch');
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a malformed signature', () => {
  const authorization = (from: string | RegExp, to: string) => () =>
    withHeader(signed(GET), 'Authorization', (value) => value.replace(from, to));
  const parameter = (name: string, value: string) => () => {
    const ask = presigned(GET);
    return { ...ask, query: { ...ask.query, [name]: value } };
  };
  const missing = (name: string) => () => withoutParameter(presigned(GET), name);

  it.each<[string, () => Ask, string, string?]>([
    ['of another algorithm', authorization('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1'), '0002-00000402'],
    ['of version 2', authorization(/.*/, 'AWS LTAI:c2lnbmF0dXJl'), '', 'NotImplemented'],
    ['without credential', authorization(/Credential=[^,]*, /, ''), '0002-00000404'],
    ['for another service', () => signed(GET, { service: 'oss/aws4_request' }), '0002-00000404'],
    [
      'with the end of OSS',
      () => signed(GET, { service: 's3/aliyun_v4_request' }),
      '0002-00000404',
    ],
    ['of another day', () => signed(GET, { day: '20200101' }), '0002-00000409'],
    ['without signed headers', authorization(/SignedHeaders=[^,]*, /, ''), '0002-00000405'],
    [
      'without a signed host',
      () =>
        signed(GET, {
          signedHeaders: ['x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'],
        }),
      '0002-00000420',
    ],
    ['without signature', authorization(/, Signature=.*/, ''), '0002-00000423'],
    [
      'in capital letters',
      () =>
        withHeader(signed(GET), 'Authorization', (value) =>
          value.replace(/[0-9a-f]{64}$/, (hex) => hex.toUpperCase()),
        ),
      '0002-00000423',
    ],
    ['with a hash that is none', () => signed(GET, { contentHash: 'abc' }), '0002-00000427'],
    [
      'without a hash',
      () => withHeaderDropped(signed(GET), 'x-amz-content-sha256'),
      '0002-00000427',
    ],
    [
      'in header and URL',
      () => ({ ...presigned(GET), headers: signed(GET).headers ?? {} }),
      '0002-00000499',
    ],
    [
      'of another algorithm in a URL',
      parameter('X-Amz-Algorithm', 'AWS4-HMAC-SHA1'),
      '0002-00000402',
    ],
    ['of no algorithm in a URL', missing('X-Amz-Algorithm'), '0002-00000402'],
    ['without credential in a URL', missing('X-Amz-Credential'), '0002-00000404'],
    ['without signature in a URL', missing('X-Amz-Signature'), '0002-00000423'],
    ['without signed headers in a URL', missing('X-Amz-SignedHeaders'), '0002-00000405'],
    ['for no time', () => presigned(GET, { expires: '0' }), '0002-00000417'],
    ['for more than a week', () => presigned(GET, { expires: '604801' }), '0002-00000417'],
    ['for no number of seconds', () => presigned(GET, { expires: 'abc' }), '0002-00000417'],
    ['without an end', missing('X-Amz-Expires'), '0002-00000417'],
  ])('is refused: %s', async (_name, ask, ec, code = 'InvalidArgument') => {
    const answer = await send(ask());

    expect(answer.code).toBe(code);
    if (ec !== '') expect(answer.ec).toBe(ec);
  });

  it('never counts as anonymous, not even for a public object', async () => {
    const headers = { 'x-amz-acl': 'public-read' };
    await send(signed({ method: 'PUT', key: 'public', body: 'open', headers }));

    expect((await send({ key: 'public' })).text).toBe('open');
    for (const name of [
      'AWSAccessKeyId',
      'X-Amz-Signature',
      'X-Amz-Algorithm',
      'x-amz-credential',
    ]) {
      expect((await send({ key: 'public', query: { [name]: 'x' } })).status).toBe(400);
    }
    const Authorization = 'AWS4-HMAC-SHA256 nothing';
    expect((await send({ key: 'public', headers: { Authorization } })).status).toBe(400);
  });
});

describe('the times of a signature', () => {
  const at = (minutes: number) => ({ nowMs: fixture.now() + minutes * 60_000 });

  it('may differ from the clock of OSS by 15 minutes', async () => {
    for (const minutes of [-14, 14]) {
      expect((await send(signed(GET, at(minutes)))).text).toBe('text');
    }
    for (const minutes of [-16, 16]) {
      const { code, ec } = await send(signed(GET, at(minutes)));

      expect([code, ec]).toEqual(['RequestTimeTooSkewed', '0002-00000501']);
    }
    expect((await send(presigned(GET, at(16)))).code).toBe('RequestTimeTooSkewed');
  });

  it('are needed', async () => {
    const ask = signed(GET);
    const undated = withHeader(ask, 'Authorization', (value) =>
      value.replace(/\d{8}(?=\/cn-hangzhou)/, '').replace('x-amz-date;', ''),
    );

    expect((await send(withHeaderDropped(undated, 'x-amz-date'))).code).toBe(
      'RequestTimeTooSkewed',
    );
  });

  it('end a URL', async () => {
    expect((await send(presigned(GET, { ...at(-1), expires: '61' }))).text).toBe('text');
    expect((await send(presigned(GET, { ...at(-1), expires: '60' }))).ec).toBe('0002-00000418');
  });
});

describe('a header that the signature does not cover', () => {
  it.each([
    'x-amz-acl',
    'x-amz-meta-a',
    'x-amz-copy-source',
    'x-oss-object-acl',
    'x-oss-symlink-target',
  ])('is refused: %s', async (name) => {
    const put: Ask = { method: 'PUT', key: 'unsigned', body: 'x' };
    for (const ask of [signed(put), presigned(put)]) {
      const headers = { ...ask.headers, [name]: 'public-read' };
      const { code, text } = await send({ ...ask, headers });

      expect(code).toBe('AccessDenied');
      expect(text).toContain('which were not signed');
    }
  });

  it('is refused if it is the token', async () => {
    const signedHeaders = ['host', 'x-amz-content-sha256', 'x-amz-date'];

    expect((await send(signed(GET, { signedHeaders }))).code).toBe('AccessDenied');
  });
});

function withHeaderDropped(ask: Ask, dropped: string): Ask {
  const kept = Object.entries(ask.headers ?? {}).filter(([name]) => name !== dropped);
  return { ...ask, headers: Object.fromEntries(kept) };
}
