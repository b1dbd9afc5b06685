/** Generates good, bad and hostile requests from what openapi.yaml declares. */
import fc from 'fast-check';
import { memberAt, PATHS, resolve, SCHEMAS, toObject } from '../support/declared.ts';
import { hostileString } from '../support/hostile-strings.ts';

export interface Attempt {
  readonly method: string;
  /** As sent on the wire, with the query. */
  readonly path: string;
  /** A name may occur more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
  readonly isChunked: boolean;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const RARE_METHODS = ['TRACE', 'PROPFIND', 'PURGE', 'LINK', 'SEARCH', 'M-SEARCH', 'MKCOL'];

/** Values that the schema allows: its examples, or values that match its keywords. */
function allowedBy(reference: unknown): fc.Arbitrary<unknown> {
  const schema = resolve(reference) ?? {};
  const { type, pattern, minimum, maximum, examples } = schema;
  const listed = schema['enum'];
  if (Array.isArray(listed)) return fc.constantFrom(...listed);
  if (type === 'integer') return fc.integer({ min: Number(minimum), max: Number(maximum) });
  if (type === 'array') return fc.uniqueArray(allowedBy(schema['items']), { minLength: 1 });
  if (type === 'object') {
    const members = Object.entries(toObject(schema['properties']));
    return fc.record(
      Object.fromEntries(members.map(([name, member]) => [name, allowedBy(member)])),
      { requiredKeys: [] },
    );
  }
  const any =
    typeof pattern === 'string'
      ? fc.stringMatching(new RegExp(pattern))
      : fc.string({ size: 'small' });
  if (!Array.isArray(examples)) return any;
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...examples) }, any);
}

const REQUEST_SCHEMA = SCHEMAS['CredentialRequest'];
const MEMBERS = Object.keys(toObject(memberAt(REQUEST_SCHEMA, ['properties'])));
const goodMembers = allowedBy(REQUEST_SCHEMA).map(toObject);

const hostileTarget = hostileString.map((text) => `oss://app-media/users/42/${text}`);
const badValue = fc.oneof(
  hostileString,
  hostileTarget,
  fc.jsonValue(),
  fc.double(),
  fc.bigInt().map(Number),
);
const badMembers = fc
  .tuple(
    goodMembers,
    fc.oneof(
      fc.constantFrom(...MEMBERS),
      fc.constantFrom('access_token', '__proto__'),
      hostileString,
    ),
    badValue,
  )
  .map(([members, name, value]) => Object.fromEntries([...Object.entries(members), [name, value]]));
const members = fc.oneof({ weight: 2, arbitrary: goodMembers }, badMembers);

const bodyText = fc.oneof(
  { weight: 6, arbitrary: members.map((value) => JSON.stringify(value)) },
  fc.json(),
  hostileString,
  // truncated JSON, repeated members, and brackets that are never closed
  fc.tuple(members, fc.nat(40)).map(([value, at]) => JSON.stringify(value).slice(0, at)),
  fc
    .tuple(members, members)
    .map(([a, b]) => `${JSON.stringify(a).slice(0, -1)},${JSON.stringify(b).slice(1)}`),
  fc.nat(6000).map((depth) => '['.repeat(depth)),
);
const body = fc.oneof(
  { weight: 4, arbitrary: bodyText.map((text) => Buffer.from(text)) },
  bodyText.map((text) => Buffer.from(`\ufeff${text}`)),
  bodyText.map((text) => Buffer.from(text, 'utf16le')),
  fc.uint8Array({ maxLength: 5000 }).map((bytes) => Buffer.from(bytes)),
);

/** Percent-encodes characters that a request line cannot hold, or all characters. */
function toPathText(text: string, isAllEncoded: boolean): string {
  const pattern = isAllEncoded ? /./gsu : /[^\x21-\x7e]/gu;
  return text.replace(pattern, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
const pathText = fc.tuple(hostileString, fc.boolean()).map(([text, all]) => toPathText(text, all));

const parameter = fc
  .tuple(fc.oneof(fc.constantFrom(...MEMBERS, 'access_token'), pathText), pathText)
  .map(([name, value]) => `${name}=${value}`);
const goodQuery = goodMembers.map((value) =>
  Object.entries(value)
    .map(([name, item]) => `${name}=${toPathText(String(item), false)}`)
    .join('&'),
);
const query = fc.oneof(
  { weight: 3, arbitrary: goodQuery },
  fc
    .tuple(goodQuery, fc.array(parameter, { maxLength: 4 }))
    .map(([good, more]) => [good, ...more].join('&')),
  fc.tuple(goodQuery, goodQuery).map((both) => both.join('&')),
  pathText,
);

const TRICKS = [
  '//',
  '/./',
  '/../',
  '/%2e%2e/',
  '/%2F',
  '\\',
  ';',
  '%',
  '%00',
  '%c0%af',
  '%ED%A0%80',
  '#',
  '*',
  '.',
];
const declaredPath = fc.constantFrom(...Object.keys(PATHS));
const path = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('/v1/credentials') },
  { weight: 3, arbitrary: declaredPath },
  fc.constantFrom(
    '/',
    '/v1',
    '/initialize',
    '/invoke',
    '/pre-stop',
    '/v1/credentials/',
    '//',
    '*',
    'http://broker.example.com/v1/credentials',
    'https://127.0.0.1/health',
    'http://user:password@broker.example.com/v1/credentials',
    'ftp://127.0.0.1/v1/credentials',
    'v1/credentials',
    '//v1/credentials',
  ),
  pathText.map((text) => `/${text}`),
  fc
    .tuple(declaredPath, fc.oneof(pathText, fc.constantFrom(...TRICKS)), fc.nat(16))
    .map(([good, bad, at]) => `/${good.slice(1, at + 1)}${bad}${good.slice(at + 1)}`),
  fc
    .tuple(declaredPath, fc.nat(16))
    .map(
      ([good, at]) =>
        toPathText(good.slice(0, at), false) +
        good.slice(at).replace(/[a-z]/, (letter) => toPathText(letter, true)),
    ),
);

/** Header values that Node's client sends: bytes without the control characters that HTTP forbids. */
const headerText = hostileString.map((text) =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, ''),
);

const contentType = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      'application/json',
      'application/json; charset=utf-8',
      'APPLICATION/JSON',
    ),
  },
  fc.constantFrom(
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonp',
    'application/json, text/html',
    ';',
    '',
  ),
  headerText,
);
const accept = fc.oneof(
  fc.constantFrom(
    '*/*',
    'application/json',
    'application/*;q=0.1',
    'application/json;q=0',
    'text/html',
    '*/*;q=0.000, application/json',
    ',',
    '',
  ),
  headerText,
);
const OTHER_HEADERS = [
  'X-Forwarded-For',
  'Forwarded',
  'X-Request-Id',
  'X-Fc-Request-Id',
  'X-Http-Method-Override',
  'Cookie',
  'Range',
  'If-None-Match',
  'Origin',
  'Access-Control-Request-Method',
  'Content-Encoding',
  'Content-Language',
  'X-Forwarded-Host',
  'X-Original-Url',
];

/** The token with one character changed, cut off, with segments omitted or repeated, or with text appended. */
function mutated(token: string): fc.Arbitrary<string> {
  const parts = token.split('.');
  return fc.oneof(
    fc
      .tuple(fc.nat(token.length - 1), fc.constantFrom('A', '.', '=', '-', '_', '+', '/', '%', '*'))
      .map(([at, other]) => token.slice(0, at) + other + token.slice(at + 1)),
    fc.nat(token.length).map((at) => token.slice(0, at)),
    fc.shuffledSubarray([...parts, ...parts]).map((some) => some.join('.')),
    headerText.map((text) => token + text),
  );
}

function authorization(token: string): fc.Arbitrary<readonly string[]> {
  const good = fc.constant(`Bearer ${token}`);
  const bad = fc.oneof(
    mutated(token).map((other) => `Bearer ${other}`),
    headerText,
    headerText.map((text) => `Bearer ${text}`),
    fc.constantFrom(
      '',
      'Bearer',
      'Bearer ',
      `Basic ${token}`,
      `Bearer\t${token}`,
      `Bearer ${token}, Bearer ${token}`,
      token,
    ),
  );
  return fc.oneof(
    { weight: 12, arbitrary: fc.tuple(good) },
    { weight: 4, arbitrary: fc.tuple(bad) },
    fc.constant([]),
    fc.array(fc.oneof(good, bad), { minLength: 2, maxLength: 3 }),
  );
}

/** Requests to declared and other paths and methods, by a caller with this subject token. */
export function attempts(token: string): fc.Arbitrary<Attempt> {
  const method = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('GET', 'POST') },
    { weight: 3, arbitrary: fc.constantFrom(...METHODS) },
    fc.constantFrom(...RARE_METHODS),
  );
  const optional = <Value>(name: string, value: fc.Arbitrary<Value>, freq: number) =>
    fc.option(fc.tuple(fc.constant(name), value), { freq, nil: undefined });
  return fc
    .record({
      method,
      path,
      query: fc.option(query, { freq: 2, nil: undefined }),
      authorization: authorization(token),
      contentType: optional('Content-Type', contentType, 9),
      accept: optional('Accept', accept, 2),
      others: fc.array(fc.tuple(fc.constantFrom(...OTHER_HEADERS), headerText), {
        maxLength: 2,
        size: 'small',
      }),
      hasOthers: fc.integer({ min: 0, max: 4 }),
      body: fc.option(body, { freq: 3, nil: undefined }),
      isChunked: fc.integer({ min: 0, max: 3 }).map((one) => one === 3),
    })
    .map((made) => {
      const hasBody = made.body !== undefined && made.method !== 'TRACE';
      const isPlainGet = made.method === 'GET' && made.isChunked;
      return {
        method: made.method,
        path: made.query === undefined ? made.path : `${made.path}?${made.query}`,
        headers: [
          ...made.authorization.map((value) => ['Authorization', value] as const),
          ...(made.contentType === undefined ? [] : [made.contentType]),
          ...(made.accept === undefined ? [] : [made.accept]),
          ...(made.hasOthers === 0 ? made.others : []),
        ],
        body: hasBody && !isPlainGet ? made.body : undefined,
        isChunked: made.isChunked,
      };
    });
}
