import { describe, expect, it } from 'vitest';
import {
  parseBody,
  parseQuery,
  readMembers,
  readSubjectToken,
} from '../../../src/api/native/request.ts';
import { type Refusal, RefusalError } from '../../../src/refusal.ts';
import { hostileString } from '../../support/hostile-strings.ts';
import { fc } from '../../support/seeded.ts';

function refusalOf(run: () => unknown): Refusal | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof RefusalError) return error.refusal;
    throw error;
  }
  return undefined;
}

const readBody = (bytes: Buffer) => readMembers(parseBody(bytes));
const readQuery = (url: string) => readMembers(parseQuery(url));
const fromBody = (text: string) => readBody(Buffer.from(text));
const fromQuery = (query: string) => readQuery(`https://broker.example/v1/credentials?${query}`);

describe('readSubjectToken', () => {
  it.each(['Bearer a.b.c', 'bearer a.b.c', 'BEARER a.b.c', 'Bearer   a.b.c', 'Bearer a.b.c  '])(
    'reads "%s"',
    (header) => {
      expect(readSubjectToken(header)).toBe('a.b.c');
    },
  );

  it('refuses a request without a subject token', () => {
    expect(refusalOf(() => readSubjectToken(undefined))).toEqual({ reason: 'token_missing' });
  });

  it.each([
    '',
    'Bearer',
    'Bearer ',
    'a.b.c',
    'Bearera.b.c',
    'Basic a.b.c',
    'DPoP a.b.c',
    'Bearer a.b.c, Bearer d.e.f',
    'Bearer a.b.c d',
    'Bearer "a.b.c"',
    'Bearer a.b.c\n',
    'Bearer\ta.b.c',
    'Bearer a.b.ç',
    'Bearer a.b.c\0',
  ])('refuses "%s" and quotes none of it', (header) => {
    expect(refusalOf(() => readSubjectToken(header))).toEqual({
      reason: 'token_malformed',
      problem: 'the Authorization header is not "Bearer <JWT>"',
    });
  });
});

const EVERYTHING = {
  grant: 'user-files',
  target: 'oss://app-media/users/1/',
  permissions: ['read', 'write'],
  durationSeconds: 900,
};

describe('readBody', () => {
  it('reads all four members', () => {
    const body =
      '{"Grant":"user-files","Target":"oss://app-media/users/1/","Permissions":["read","write"],"DurationSeconds":900}';
    expect(fromBody(body)).toEqual(EVERYTHING);
  });

  it('reads an empty body and an empty object as a request for the whole grant', () => {
    expect(fromBody('')).toEqual({});
    expect(fromBody('{}')).toEqual({});
    expect(fromBody(' {\n} ')).toEqual({});
  });

  it.each([
    // not a JSON object
    ' ',
    'null',
    '[]',
    '"Grant"',
    '7',
    '{',
    '{}{}',
    '{"Grant":"a",}',
    "{'Grant':'a'}",
    '\ufeff{}',
    'Grant=a',
    // other members
    '{"grant":"a"}',
    '{"Grant ":"a"}',
    '{"RoleArn":"acs:ram::1:role/admin"}',
    '{"Policy":"{}"}',
    '{"SubjectToken":"a.b.c"}',
    '{"__proto__":{"Grant":"a"}}',
    '{"constructor":"a"}',
    '{"":"a"}',
    // repeated members, with escapes too
    '{"Grant":"a","Grant":"a"}',
    '{"Grant":"a","Gr\\u0061nt":"b"}',
    // Grant and Target
    '{"Grant":""}',
    '{"Grant":null}',
    '{"Grant":7}',
    '{"Grant":["a"]}',
    '{"Grant":{"toString":"a"}}',
    '{"Target":""}',
    '{"Target":null}',
    '{"Target":["oss://app-media/"]}',
    '{"Target":true}',
    // Permissions
    '{"Permissions":[]}',
    '{"Permissions":null}',
    '{"Permissions":"read"}',
    '{"Permissions":"read,write"}',
    '{"Permissions":{"0":"read","length":1}}',
    '{"Permissions":["read","read"]}',
    '{"Permissions":["Read"]}',
    '{"Permissions":["read "]}',
    '{"Permissions":["*"]}',
    '{"Permissions":["admin"]}',
    '{"Permissions":["oss:GetObject"]}',
    '{"Permissions":["constructor"]}',
    '{"Permissions":["read",null]}',
    '{"Permissions":[["read"]]}',
    '{"Permissions":[0]}',
    // DurationSeconds
    '{"DurationSeconds":"900"}',
    '{"DurationSeconds":null}',
    '{"DurationSeconds":899}',
    '{"DurationSeconds":43201}',
    '{"DurationSeconds":900.5}',
    '{"DurationSeconds":0}',
    '{"DurationSeconds":-900}',
    '{"DurationSeconds":1e400}',
    '{"DurationSeconds":[900]}',
    '{"DurationSeconds":true}',
  ])('refuses %s', (text) => {
    expect(refusalOf(() => fromBody(text))?.reason).toBe('request_malformed');
  });

  it.each<[string, Buffer]>([
    ['Latin-1', Buffer.from('{"Grant":"é"}', 'latin1')],
    ['UTF-16', Buffer.from('{"Grant":"a"}', 'utf16le')],
    [
      'a surrogate in UTF-8',
      Buffer.concat([
        Buffer.from('{"Grant":"'),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from('"}'),
      ]),
    ],
    ['deep nesting', Buffer.from(`{"Grant":${'['.repeat(2000)}${']'.repeat(2000)}}`)],
  ])('refuses %s', (_what, bytes) => {
    expect(refusalOf(() => readBody(bytes))?.reason).toBe('request_malformed');
  });

  it.each([900, 43_200])('accepts %i seconds', (durationSeconds) => {
    expect(fromBody(`{"DurationSeconds":${durationSeconds}}`)).toEqual({ durationSeconds });
  });
});

describe('readQuery', () => {
  it('reads all four members', () => {
    expect(
      fromQuery(
        'Grant=user-files&Target=oss%3A%2F%2Fapp-media%2Fusers%2F1%2F&Permissions=read,write&DurationSeconds=900',
      ),
    ).toEqual(EVERYTHING);
  });

  it('reads no query and an empty query as a request for the whole grant', () => {
    expect(readQuery('https://broker.example/v1/credentials')).toEqual({});
    expect(fromQuery('')).toEqual({});
  });

  it('decodes percent escapes once', () => {
    expect(fromQuery('Target=oss://b-1/%252e%252e/')).toEqual({ target: 'oss://b-1/%2e%2e/' });
    expect(fromQuery('Target=oss://b-1/a+b%2Bc')).toEqual({ target: 'oss://b-1/a b+c' });
  });

  it.each([
    'grant=a',
    'Grant=',
    'Grant',
    'Target=',
    'Grant=a&Grant=a',
    'Grant=a&Gr%61nt=b',
    'Permissions=read&Permissions=write',
    'Permissions=',
    'Permissions=read,',
    'Permissions=read,read',
    'Permissions=read%20write',
    'Permissions=read;write',
    'Permissions[]=read',
    'Permissions=*',
    'DurationSeconds=',
    'DurationSeconds=899',
    'DurationSeconds=43201',
    'DurationSeconds=900.0',
    'DurationSeconds=9e2',
    'DurationSeconds=0x384',
    'DurationSeconds=+900',
    'DurationSeconds=%20900',
    'DurationSeconds=900s',
    'DurationSeconds=٩٠٠',
    'DurationSeconds=Infinity',
    'Token=a.b.c',
    'access_token=a.b.c',
    'SubjectToken=a.b.c',
    'authorization=Bearer%20a.b.c',
    '__proto__=a',
    '__proto__[Grant]=a',
    '?Grant=a',
    'Target=oss://b-1/%ff',
    'Target=oss://b-1/%ed%a0%80',
    'Target=oss://b-1/%c0%af',
    'Grant=%',
    'Grant=%zz',
    'Grant=a&&Target=oss://b-1/',
  ])('refuses ?%s', (query) => {
    expect(refusalOf(() => fromQuery(query))?.reason).toBe('request_malformed');
  });
});

describe('any request', () => {
  it('is read or refused, and the refusal quotes no value of it', () => {
    const value = fc.oneof(
      hostileString,
      fc.array(hostileString, { maxLength: 2 }),
      fc.constantFrom(null, 900, true),
    );
    const name = fc.oneof(
      fc.constantFrom('Grant', 'Target', 'Permissions', 'DurationSeconds'),
      hostileString,
    );
    fc.assert(
      fc.property(name, value, (member, content) => {
        const asked = new Map([[member, content]]);
        const json = JSON.stringify(Object.fromEntries(asked));
        const query = new URLSearchParams([[member, String(content)]]).toString();
        for (const run of [() => fromBody(json), () => fromQuery(query)]) {
          const refusal = refusalOf(run);
          if (refusal === undefined) continue;
          expect(refusal.reason).toBe('request_malformed');
          const text = String(content);
          if (text.length > 20) expect(JSON.stringify(refusal)).not.toContain(text);
        }
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 500) },
    );
  });
});
