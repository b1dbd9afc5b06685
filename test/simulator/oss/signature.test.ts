import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ossRefusal } from '../../support/oss-client.ts';
import {
  type Ask,
  type Keys,
  md5Of,
  type OssFixture,
  presignV1,
  presignV4,
  type SigningV4,
  signV1,
  signV4,
  startOssFixture,
} from './fixture.ts';

const MINUTE_MS = 60_000;

let fixture: OssFixture;
let keys: Required<Keys>;

beforeAll(async () => {
  fixture = await startOssFixture();
  keys = fixture.addSession();
});

beforeEach(() => {
  fixture.clock.offsetMs = 0;
});

afterAll(() => fixture.oss.close());

const SIGNERS = [
  { version: 'V1', sign: signV1 },
  {
    version: 'V4',
    sign: (ask: Ask, signer: Keys, nowMs: number) => signV4(ask, signer, { nowMs }),
  },
];

const PUT: Ask = {
  method: 'PUT',
  key: "users/1/a b+c%&=é漢~!*'().txt",
  headers: { 'Content-Type': 'text/plain', 'x-oss-object-acl': 'private' },
  body: 'text',
};

describe.each(SIGNERS)('a signature in the header, $version', ({ sign }) => {
  it('is accepted for a key with any characters', async () => {
    const put = await fixture.send(sign(PUT, keys, fixture.now()));
    const got = await fixture.send(sign({ key: PUT.key ?? '' }, keys, fixture.now()));

    expect(put.status).toBe(200);
    expect(got).toMatchObject({ status: 200, text: 'text' });
  });

  it.each<[string, (signed: Ask) => Ask]>([
    ['the key', (signed) => ({ ...signed, key: 'users/2/other.txt' })],
    ['the bucket', (signed) => ({ ...signed, bucket: 'other' })],
    ['the method', (signed) => ({ ...signed, method: 'DELETE' })],
    ['a sub-resource', (signed) => ({ ...signed, query: { acl: '' } })],
    ['an x-oss- header', (signed) => withHeader(signed, 'x-oss-object-acl', 'public-read')],
    ['one more x-oss- header', (signed) => withHeader(signed, 'x-oss-tagging', 'a=b')],
    ['the content type', (signed) => withHeader(signed, 'Content-Type', 'text/html')],
    ['one more signed header', (signed) => withHeader(signed, 'Content-MD5', md5Of('text'))],
  ])('is refused if %s has changed', async (_what, tamper) => {
    const signed = sign(PUT, keys, fixture.now());

    expect((await fixture.send(signed)).status).toBe(200);
    expect(await fixture.send(tamper(signed))).toMatchObject({
      status: 403,
      code: 'SignatureDoesNotMatch',
      ec: '0002-00000040',
    });
  });

  it('is refused if it was made with another secret or truncated', async () => {
    const stranger = { ...keys, accessKeySecret: `${keys.accessKeySecret}x` };
    const signed = sign(PUT, keys, fixture.now());
    const cut = withHeader(
      signed,
      'Authorization',
      signed.headers?.['Authorization']?.slice(0, -1),
    );

    expect((await fixture.send(sign(PUT, stranger, fixture.now()))).code).toBe(
      'SignatureDoesNotMatch',
    );
    expect((await fixture.send(cut)).code).toBe('SignatureDoesNotMatch');
  });

  it('needs the token of the same session', async () => {
    const { accessKeyId, accessKeySecret } = keys;
    const foreign = {
      accessKeyId,
      accessKeySecret,
      securityToken: fixture.addSession().securityToken,
    };
    const user = fixture.addUser();
    const code = async (signer: Keys) =>
      (await fixture.send(sign(PUT, signer, fixture.now()))).code;

    expect(await code(keys)).toBe('');
    expect(await code({ accessKeyId, accessKeySecret })).toBe('InvalidAccessKeyId');
    expect(await code(foreign)).toBe('InvalidSecurityToken');
    expect(await code({ ...keys, securityToken: '' })).not.toBe('');
    expect(await code(user)).toBe('');
    expect(await code({ ...user, securityToken: keys.securityToken })).toBe('InvalidAccessKeyId');
  });

  it('needs a key that exists', async () => {
    const unknown = { accessKeyId: 'LTAIunknown', accessKeySecret: 'secret' };

    expect(await fixture.send(sign(PUT, unknown, fixture.now()))).toMatchObject({
      status: 403,
      code: 'InvalidAccessKeyId',
      ec: '0002-00000902',
    });
  });

  it('needs a session that has not expired', async () => {
    const code = async () => (await fixture.send(sign(PUT, keys, fixture.now()))).code;

    fixture.clock.offsetMs = 59 * MINUTE_MS;
    expect(await code()).toBe('');
    fixture.clock.offsetMs = 61 * MINUTE_MS;
    expect(await code()).toBe('SecurityTokenExpired');
  });

  it.each([
    { minutes: -16, code: 'RequestTimeTooSkewed' },
    { minutes: -14, code: '' },
    { minutes: 14, code: '' },
    { minutes: 16, code: 'RequestTimeTooSkewed' },
  ])('with a clock that is off by $minutes minutes gets the code "$code"', async (row) => {
    const signed = sign(PUT, keys, fixture.now() + row.minutes * MINUTE_MS);

    expect((await fixture.send(signed)).code).toBe(row.code);
  });

  it('is refused without a date', async () => {
    const {
      Date: _date,
      'x-oss-date': _ossDate,
      ...headers
    } = sign(PUT, keys, fixture.now()).headers ?? {};

    expect((await fixture.send({ ...PUT, headers })).status).toBeGreaterThanOrEqual(400);
  });
});

describe('a signature', () => {
  it('covers every parameter in V4, and only sub-resources in V1', async () => {
    await fixture.send(signV1({ ...PUT, key: 'p/1' }, keys, fixture.now()));
    const list = { query: { prefix: 'p/' } };
    const tampered = { query: { prefix: 'q/' } };

    const v1 = signV1(list, keys, fixture.now());
    expect((await fixture.send(v1)).text).toContain('<Key>p/1</Key>');
    expect((await fixture.send({ ...v1, ...tampered })).status).toBe(200);
    const v4 = signV4(list, keys, { nowMs: fixture.now() });
    expect((await fixture.send(v4)).text).toContain('<Key>p/1</Key>');
    expect((await fixture.send({ ...v4, ...tampered })).code).toBe('SignatureDoesNotMatch');
  });

  it('sorts parameters by name in V4, not by the whole pair', async () => {
    const ask = { query: { prefix: 'p', 'prefix-2': 'x' } };

    expect((await fixture.send(signV4(ask, keys, { nowMs: fixture.now() }))).status).toBe(200);
  });

  it('covers the additional headers that it names in V4', async () => {
    const ask = { ...PUT, headers: { 'x-other': '1', 'y-other': '2' } };
    const signed = signV4(ask, keys, { nowMs: fixture.now(), additional: ['x-other'] });

    expect((await fixture.send(signed)).status).toBe(200);
    expect((await fixture.send(withHeader(signed, 'y-other', '3'))).status).toBe(200);
    expect((await fixture.send(withHeader(signed, 'x-other', '3'))).code).toBe(
      'SignatureDoesNotMatch',
    );
  });

  it.each<[string, Partial<SigningV4>]>([
    ['another region', { region: 'cn-beijing' }],
    ['another day', { day: '20200101' }],
    ['another service', { service: 'sts/aliyun_v4_request' }],
    ['another version', { service: 'oss/aliyun_v3_request' }],
  ])('is refused in V4 if it was made for %s', async (_what, signing) => {
    const nowMs = fixture.now();

    expect((await fixture.send(signV4(PUT, keys, { nowMs }))).status).toBe(200);
    expect(await fixture.send(signV4(PUT, keys, { nowMs, ...signing }))).toMatchObject({
      status: 400,
      code: 'InvalidArgument',
    });
  });
});

describe('the token of a session in the header security-token', () => {
  const withoutToken = (ask: Ask, signer: Required<Keys>) => {
    const { accessKeyId, accessKeySecret } = signer;
    return { ask, signer: { accessKeyId, accessKeySecret } };
  };

  it('is accepted in V1, where no signature covers it, as the Python SDK sends it', async () => {
    const { ask, signer } = withoutToken(PUT, keys);
    const signed = signV1(ask, signer, fixture.now());
    const send = (token: string) => fixture.send(withHeader(signed, 'security-token', token));

    expect((await send(keys.securityToken)).status).toBe(200);
    expect((await fixture.send(signed)).code).toBe('InvalidAccessKeyId');
    expect((await send(`${keys.securityToken}x`)).code).toBe('InvalidSecurityToken');
    expect((await send(fixture.addSession().securityToken)).code).toBe('InvalidSecurityToken');
  });

  it('does not replace a signed x-oss-security-token', async () => {
    const other = fixture.addSession();
    const signed = signV1(PUT, { ...keys, securityToken: other.securityToken }, fixture.now());
    const both = withHeader(signed, 'security-token', keys.securityToken);

    expect((await fixture.send(both)).code).toBe('InvalidSecurityToken');
  });

  it('is ignored in V4, where every client sends x-oss-security-token', async () => {
    const { ask, signer } = withoutToken(PUT, keys);
    const signed = signV4(ask, signer, { nowMs: fixture.now() });

    expect(
      (await fixture.send(withHeader(signed, 'security-token', keys.securityToken))).code,
    ).toBe('InvalidAccessKeyId');
  });
});

describe('a presigned URL', () => {
  const seconds = () => Math.floor(fixture.now() / 1000);
  const PRESIGNERS = [
    {
      version: 'V1',
      presign: (ask: Ask, signer: Keys, life: number) => presignV1(ask, signer, seconds() + life),
      expires: 'Expires',
    },
    {
      version: 'V4',
      presign: (ask: Ask, signer: Keys, life: number) =>
        presignV4(ask, signer, { nowMs: fixture.now(), expires: String(life) }),
      expires: 'x-oss-expires',
    },
  ];

  describe.each(PRESIGNERS)('of $version', ({ presign, expires }) => {
    it('is valid until it expires', async () => {
      const url = presign(PUT, keys, 1200);

      fixture.clock.offsetMs = 19 * MINUTE_MS;
      expect((await fixture.send(url)).status).toBe(200);
      fixture.clock.offsetMs = 21 * MINUTE_MS;
      expect(await fixture.send(url)).toMatchObject({
        status: 403,
        code: 'AccessDenied',
        ec: '0002-00000069',
      });
    });

    it('is valid no longer than its session', async () => {
      const url = presign(PUT, keys, 7200);

      fixture.clock.offsetMs = 59 * MINUTE_MS;
      expect((await fixture.send(url)).status).toBe(200);
      fixture.clock.offsetMs = 61 * MINUTE_MS;
      expect((await fixture.send(url)).code).toBe('SecurityTokenExpired');
    });

    it('is valid for one key, method and expiry', async () => {
      const url = presign(PUT, keys, 60);
      const longer = { ...url, query: { ...url.query, [expires]: String(seconds() + 6000) } };
      if (expires === 'x-oss-expires') longer.query[expires] = '6000';

      expect((await fixture.send(url)).status).toBe(200);
      for (const tampered of [
        { ...url, key: 'users/2/x' },
        { ...url, method: 'DELETE' },
        { ...url, query: { ...url.query, acl: '' } },
        withHeader(url, 'x-oss-object-acl', 'public-read'),
        longer,
      ]) {
        expect((await fixture.send(tampered)).code).toBe('SignatureDoesNotMatch');
      }
    });

    it('needs the token of the session', async () => {
      const { securityToken: _token, ...half } = keys;

      expect((await fixture.send(presign(PUT, keys, 60))).status).toBe(200);
      expect((await fixture.send(presign(PUT, half, 60))).code).toBe('InvalidAccessKeyId');
    });
  });

  it.each(['0', '-1', '604801', '1.5', 'abc', ''])(
    'of V4 is refused with the expiry "%s"',
    async (expires) => {
      const nowMs = fixture.now();

      expect((await fixture.send(presignV4(PUT, keys, { nowMs, expires: '604800' }))).status).toBe(
        200,
      );
      expect((await fixture.send(presignV4(PUT, keys, { nowMs, expires }))).code).toBe(
        'InvalidArgument',
      );
    },
  );

  it('of V4 is refused before its date', async () => {
    const ahead = (minutes: number) =>
      presignV4(PUT, keys, { nowMs: fixture.now() + minutes * MINUTE_MS, expires: '60' });

    expect((await fixture.send(ahead(14))).status).toBe(200);
    expect((await fixture.send(ahead(16))).status).toBe(403);
  });

  it('of V1 is refused with an unreadable expiry', async () => {
    const url = presignV1(PUT, keys, Number.NaN);

    expect((await fixture.send(url)).status).not.toBe(200);
  });
});

describe.each([{ authorizationV4: false }, { authorizationV4: true }])(
  'the vendor’s client, with %o',
  (signing) => {
    it('is accepted with its secret and refused with another', async () => {
      const client = fixture.createClient(keys, signing);
      const stranger = fixture.createClient({ ...keys, accessKeySecret: 'wrong' }, signing);
      const confused = fixture.createClient(
        { ...keys, securityToken: fixture.addSession().securityToken },
        signing,
      );

      expect((await client.put('sdk/x y.txt', Buffer.from('x'))).res.status).toBe(200);
      expect(await ossRefusal(stranger.put('sdk/x.txt', Buffer.from('x')))).toBe(
        'SignatureDoesNotMatch',
      );
      expect(await ossRefusal(confused.put('sdk/x.txt', Buffer.from('x')))).toBe(
        'InvalidSecurityToken',
      );
    });
  },
);

function withHeader(ask: Ask, name: string, value = ''): Ask {
  return { ...ask, headers: { ...ask.headers, [name]: value } };
}
