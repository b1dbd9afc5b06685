import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  allow,
  basicDate,
  EVERYTHING,
  hmacSha1,
  type Keys,
  keyV4,
  type OssFixture,
  REGION,
  signV4,
  startOssFixture,
  textOf,
} from './fixture.ts';

const HOUR_MS = 3_600_000;

let fixture: OssFixture;
let keys: Required<Keys>;

beforeAll(async () => {
  fixture = await startOssFixture({ isFormAclAConditionKey: true });
  keys = fixture.addSession();
});

beforeEach(() => {
  fixture.clock.offsetMs = 0;
});

afterAll(() => fixture.oss.close());

interface Form {
  readonly fields: Readonly<Record<string, string>>;
  readonly file?: string;
  readonly fileName?: string;
  readonly fileType?: string;
  /** Fields that come after the file. */
  readonly late?: Readonly<Record<string, string>>;
}

async function post({ fields, file = 'text', fileName = 'a.txt', late = {}, ...form }: Form) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  data.set('file', new Blob([file], { type: form.fileType ?? 'text/plain' }), fileName);
  for (const [name, value] of Object.entries(late)) data.append(name, value);
  const response = await fetch(`${fixture.oss.url}/app-media/`, { method: 'POST', body: data });
  const text = await response.text();
  return { status: response.status, text, code: textOf(text, 'Code') };
}

interface Policy {
  readonly conditions?: readonly unknown[];
  readonly expiration?: string;
}

type MakeForm = (policy: Policy, fields?: Form['fields'], signer?: Keys) => Form['fields'];

function base64(document: unknown): string {
  return Buffer.from(JSON.stringify(document)).toString('base64');
}

function inAnHour(): string {
  return new Date(fixture.now() + HOUR_MS).toISOString();
}

/** The fields of a form of version 1. */
const formV1: MakeForm = (policy, fields = {}, signer = keys) => {
  const { conditions = [{ bucket: 'app-media' }], expiration = inAnHour() } = policy;
  const encoded = base64({ expiration, conditions });
  return {
    key: 'forms/x',
    OSSAccessKeyId: signer.accessKeyId,
    ...(signer.securityToken === undefined ? {} : { 'x-oss-security-token': signer.securityToken }),
    policy: encoded,
    Signature: hmacSha1(signer.accessKeySecret, encoded),
    ...fields,
  };
};

/** The fields of a form of version 4. */
const formV4: MakeForm = (policy, fields = {}, signer = keys) => {
  const date = basicDate(fixture.now());
  const scope = `${date.slice(0, 8)}/${REGION}/oss/aliyun_v4_request`;
  const signing = {
    'x-oss-signature-version': 'OSS4-HMAC-SHA256',
    'x-oss-credential': `${signer.accessKeyId}/${scope}`,
    'x-oss-date': date,
    ...(signer.securityToken === undefined ? {} : { 'x-oss-security-token': signer.securityToken }),
  };
  const { conditions = [{ bucket: 'app-media' }], expiration = inAnHour() } = policy;
  const bound = Object.entries(signing).map(([name, value]) => ({ [name]: value }));
  const encoded = base64({ expiration, conditions: [...conditions, ...bound] });
  const signature = createHmac('sha256', keyV4(signer.accessKeySecret, scope))
    .update(encoded)
    .digest('hex');
  const own = { ...signing, policy: encoded, 'x-oss-signature': signature };
  return { key: 'forms/x', ...own, ...fields };
};

function read(key: string) {
  return fixture.send(signV4({ key }, keys, { nowMs: fixture.now() }));
}

describe.each([
  { version: 'V1', makeForm: formV1, signatureField: 'Signature' },
  { version: 'V4', makeForm: formV4, signatureField: 'x-oss-signature' },
])('a form of $version', ({ makeForm, signatureField }) => {
  it('uploads its file', async () => {
    const key = 'forms/a b+漢.txt';
    const { status } = await post({ fields: makeForm({}, { key }), file: 'hello' });
    const got = await read(key);

    expect(status).toBe(204);
    expect(got.text).toBe('hello');
    expect(got.headers['content-type']).toMatch(/^text\/plain/);
  });

  it('gets the answer that it asks for', async () => {
    const answer = async (success_action_status: string) =>
      post({ fields: makeForm({}, { success_action_status }) });

    expect((await answer('200')).status).toBe(200);
    expect((await answer('204')).status).toBe(204);
    const created = await answer('201');
    expect(created.status).toBe(201);
    expect(textOf(created.text, 'Key')).toBe('forms/x');
  });

  it.each<[string, unknown, Form, Form, string]>([
    [
      'content-length-range, above',
      ['content-length-range', 2, 4],
      { fields: {}, file: '1234' },
      { fields: {}, file: '12345' },
      'EntityTooLarge',
    ],
    [
      'content-length-range, below',
      ['content-length-range', 2, 4],
      { fields: {}, file: '12' },
      { fields: {}, file: '1' },
      'EntityTooSmall',
    ],
    [
      'starts-with',
      ['starts-with', '$key', 'forms/1/'],
      { fields: { key: 'forms/1/x' } },
      { fields: { key: 'forms/10/x' } },
      'AccessDenied',
    ],
    [
      'eq',
      ['eq', '$key', 'forms/exact'],
      { fields: { key: 'forms/exact' } },
      { fields: { key: 'forms/exact2' } },
      'AccessDenied',
    ],
    [
      'an exact value',
      { key: 'forms/exact' },
      { fields: { key: 'forms/exact' } },
      { fields: { key: 'forms/Exact' } },
      'AccessDenied',
    ],
    [
      'in',
      ['in', '$content-type', ['image/png', 'image/jpeg']],
      { fields: { 'content-type': 'image/jpeg' } },
      { fields: { 'content-type': 'text/html' } },
      'AccessDenied',
    ],
    [
      'not-in',
      ['not-in', '$content-type', ['text/html']],
      { fields: { 'content-type': 'image/jpeg' } },
      { fields: { 'content-type': 'text/html' } },
      'AccessDenied',
    ],
    [
      'a field that is missing',
      ['eq', '$x-oss-meta-team', 'a'],
      { fields: { 'x-oss-meta-team': 'a' } },
      { fields: {} },
      'AccessDenied',
    ],
  ])('is checked against the condition %s', async (_what, condition, good, bad, code) => {
    const send = ({ fields, ...form }: Form) =>
      post({ ...form, fields: makeForm({ conditions: [condition] }, fields) });

    expect((await send(good)).status).toBe(204);
    expect((await send(bad)).code).toBe(code);
  });

  it('is checked with the file name inserted into the key', async () => {
    const conditions = [['eq', '$key', 'forms/photo.txt']];
    const fields = makeForm({ conditions }, { key: `forms/${'$'}{filename}` });

    expect((await post({ fields, fileName: 'C:\\dir\\photo.txt' })).status).toBe(204);
    expect((await read('forms/photo.txt')).status).toBe(200);
    expect((await post({ fields, fileName: 'other.txt' })).code).toBe('AccessDenied');
  });

  it('is valid only for the bucket in its policy', async () => {
    const other = makeForm({ conditions: [{ bucket: 'other' }] });

    expect(
      (await post({ fields: makeForm({ conditions: [{ bucket: 'app-media' }] }) })).status,
    ).toBe(204);
    expect((await post({ fields: other })).code).toBe('AccessDenied');
    expect((await post({ fields: { ...other, bucket: 'other' } })).code).toBe('AccessDenied');
  });

  it('is valid until its policy expires', async () => {
    const fields = makeForm({});

    fixture.clock.offsetMs = HOUR_MS - 60_000;
    expect((await post({ fields })).status).toBe(204);
    const long = makeForm({ expiration: new Date(fixture.now() - 1000).toISOString() });
    expect(await post({ fields: long })).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  it('is valid no longer than its session', async () => {
    const fields = makeForm({ expiration: new Date(fixture.now() + 2 * HOUR_MS).toISOString() });

    expect((await post({ fields })).status).toBe(204);
    fixture.clock.offsetMs = HOUR_MS + 60_000;
    expect((await post({ fields })).code).toBe('SecurityTokenExpired');
  });

  it('is refused with a widened policy or a made-up signature', async () => {
    const fields = makeForm({ conditions: [['eq', '$key', 'forms/mine']] }, { key: 'forms/mine' });
    const wider = base64({ expiration: inAnHour(), conditions: [{ bucket: 'app-media' }] });

    expect((await post({ fields })).status).toBe(204);
    for (const change of [
      { policy: wider },
      { policy: `${fields['policy']}=` },
      { [signatureField]: 'AAAA' },
      { [signatureField]: '' },
    ]) {
      expect((await post({ fields: { ...fields, ...change } })).code).toBe('SignatureDoesNotMatch');
    }
  });

  it('needs a secret, a key and a token that belong together', async () => {
    const { securityToken: _token, ...half } = keys;
    const foreign = { ...half, securityToken: fixture.addSession().securityToken };
    const send = (signer: Keys) => post({ fields: makeForm({}, {}, signer) });

    expect((await send(keys)).status).toBe(204);
    expect((await send(fixture.addUser())).status).toBe(204);
    expect((await send({ ...keys, accessKeySecret: 'wrong' })).code).toBe('SignatureDoesNotMatch');
    expect((await send({ ...keys, accessKeyId: 'STS.unknown' })).code).toBe('InvalidAccessKeyId');
    expect((await send(half)).code).toBe('InvalidAccessKeyId');
    expect((await send(foreign)).code).toBe('InvalidSecurityToken');
  });

  it('needs a file, a key and a policy', async () => {
    const { key: _key, ...keyless } = makeForm({});
    const { policy: _policy, ...policyless } = makeForm({});
    const data = new FormData();
    for (const [name, value] of Object.entries(makeForm({}))) data.set(name, value);
    const fileless = await fetch(`${fixture.oss.url}/app-media/`, { method: 'POST', body: data });

    expect((await post({ fields: makeForm({}) })).status).toBe(204);
    expect((await post({ fields: keyless })).status).toBe(400);
    expect((await post({ fields: policyless })).status).toBe(403);
    expect(fileless.status).toBe(400);
  });

  it('ignores fields after the file', async () => {
    const fields = makeForm({ conditions: [['starts-with', '$key', 'forms/']] });

    await post({ fields, file: 'kept', late: { key: 'elsewhere/x' } });
    expect((await read('forms/x')).text).toBe('kept');
    expect((await read('elsewhere/x')).code).toBe('NoSuchKey');
  });

  it.each<[string, unknown]>([
    ['that is not an object', 'nonsense'],
    ['without conditions', { expiration: '2100-01-01T00:00:00Z' }],
    ['without expiration', { conditions: [] }],
    ['whose expiration is not a date', { expiration: 'soon', conditions: [] }],
  ])('is refused with a policy %s', async (_what, document) => {
    const policy = base64(document);
    const scope = `${basicDate(fixture.now()).slice(0, 8)}/${REGION}/oss/aliyun_v4_request`;
    const signature =
      signatureField === 'Signature'
        ? hmacSha1(keys.accessKeySecret, policy)
        : createHmac('sha256', keyV4(keys.accessKeySecret, scope)).update(policy).digest('hex');
    const fields = { ...makeForm({}), policy, [signatureField]: signature };

    expect((await post({ fields })).code).toBe('InvalidPolicyDocument');
  });

  it.each<[string, unknown]>([
    ['with an unknown operator', ['matches', '$key', '.*']],
    ['that is null', null],
    ['that is text', 'key'],
    ['with a range of text', ['content-length-range', '0', 'many']],
    ['with text in place of a list', ['in', '$key', 'forms/x']],
  ])('is refused with a condition %s', async (_what, condition) => {
    expect((await post({ fields: makeForm({ conditions: [condition] }) })).status).toBeGreaterThan(
      399,
    );
  });

  it('needs PutObject for the key, and the permissions that its other fields need', async () => {
    const narrow = fixture.addSession([
      allow(['oss:PutObject'], ['forms/*']),
      {
        Effect: 'Deny',
        Action: 'oss:PutObject',
        Resource: '*',
        Condition: { StringEquals: { 'oss:x-oss-object-acl': ['public-read'] } },
      },
    ]);
    const send = (fields: Form['fields']) => post({ fields: makeForm({}, fields, narrow) });

    expect((await send({})).status).toBe(204);
    expect((await send({ key: 'elsewhere/x' })).code).toBe('AccessDenied');
    expect((await send({ 'x-oss-object-acl': 'public-read' })).code).toBe('AccessDenied');
    expect((await send({ 'X-OSS-Object-ACL': 'public-read' })).code).toBe('AccessDenied');
    expect((await send({ 'x-oss-tagging': 'a=b' })).code).toBe('AccessDenied');
    const wide = fixture.addSession([EVERYTHING]);
    const fields = makeForm({}, { key: 'forms/pub', 'x-oss-object-acl': 'public-read' }, wide);
    expect((await post({ fields })).status).toBe(204);
    expect((await fixture.send({ key: 'forms/pub' })).status).toBe(200);
  });
});

describe('the ACL field of a form', () => {
  it('escapes a condition on x-oss-object-acl in the worst case, the default', async () => {
    const worst = await startOssFixture();
    const signer = worst.addSession([
      EVERYTHING,
      {
        Effect: 'Deny',
        Action: 'oss:PutObject',
        Resource: '*',
        Condition: { StringEquals: { 'oss:x-oss-object-acl': ['public-read'] } },
      },
    ]);
    const data = new FormData();
    const acl = { 'x-oss-object-acl': 'public-read' };
    for (const [name, value] of Object.entries(formV1({}, { key: 'forms/open', ...acl }, signer))) {
      data.set(name, value);
    }
    data.set('file', new Blob(['open']));
    const { status } = await fetch(`${worst.oss.url}/app-media/`, { method: 'POST', body: data });
    const header = { method: 'PUT', key: 'forms/other', headers: acl, body: 'x' };

    expect(status).toBe(204);
    expect((await worst.send({ key: 'forms/open' })).text).toBe('open');
    expect((await worst.send(signV4(header, signer, { nowMs: worst.now() }))).code).toBe(
      'AccessDenied',
    );
    await worst.oss.close();
  });
});

describe('a form of V4', () => {
  it('is valid longer than the 15 minutes of a signed header', async () => {
    const fields = formV4({});

    fixture.clock.offsetMs = 40 * 60_000;
    expect((await post({ fields })).status).toBe(204);
  });

  it('is valid only for its region', async () => {
    const fields = formV4({});
    const credential = fields['x-oss-credential'] ?? '';
    const elsewhere = { 'x-oss-credential': credential.replace(REGION, 'cn-beijing') };

    expect((await post({ fields })).status).toBe(204);
    expect((await post({ fields: { ...fields, ...elsewhere } })).code).toBe('InvalidArgument');
  });

  it.each(['x-oss-date', 'x-oss-credential', 'x-oss-signature-version', 'x-oss-security-token'])(
    'is refused if its policy does not bind %s',
    async (name) => {
      const fields = formV4({});
      const policy: unknown = JSON.parse(Buffer.from(fields['policy'] ?? '', 'base64').toString());
      const conditions =
        typeof policy === 'object' && policy !== null && 'conditions' in policy
          ? policy.conditions
          : [];
      const unbound = Array.isArray(conditions)
        ? conditions.filter((condition) => !Object.hasOwn(condition, name))
        : [];
      const encoded = base64({ expiration: inAnHour(), conditions: unbound });
      const scope = (fields['x-oss-credential'] ?? '').split('/').slice(1).join('/');
      const signature = createHmac('sha256', keyV4(keys.accessKeySecret, scope))
        .update(encoded)
        .digest('hex');

      expect((await post({ fields })).status).toBe(204);
      expect(
        (await post({ fields: { ...fields, policy: encoded, 'x-oss-signature': signature } })).code,
      ).toBe('InvalidPolicyDocument');
    },
  );
});

describe('the vendor’s client', () => {
  it('signs forms of both versions', async () => {
    const client = fixture.createClient(keys);
    const policy = { expiration: inAnHour(), conditions: [{ bucket: 'app-media' }] };
    const token = { 'x-oss-security-token': keys.securityToken };
    const { OSSAccessKeyId, Signature, policy: encoded } = client.calculatePostSignature(policy);
    const v1 = { key: 'forms/sdk1', OSSAccessKeyId, policy: encoded, Signature, ...token };
    const { 'x-oss-signature': own, ...unsigned } = formV4({});
    const document: unknown = JSON.parse(
      Buffer.from(unsigned['policy'] ?? '', 'base64').toString(),
    );
    const date = new Date(Math.floor(fixture.now() / 1000) * 1000);
    // the types of the client lack this method
    const signature: unknown = Reflect.apply(
      Reflect.get(client, 'signPostObjectPolicyV4'),
      client,
      [document, date],
    );

    expect((await post({ fields: v1 })).status).toBe(204);
    expect((await post({ fields: { ...v1, Signature: `${Signature}x` } })).code).toBe(
      'SignatureDoesNotMatch',
    );
    expect(signature).toBe(own);
  });
});
