import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ossRefusal } from '../../support/oss-client.ts';
import { type Keys, type OssFixture, signV4, startOssFixture, textOf, textsOf } from './fixture.ts';

const KEYS = ['a', 'b/1', 'b/2', 'b/c/3', 'd', 'e&<f>', 'g/4', 'g/5', 'h/', '！', '😀'];

let fixture: OssFixture;
let keys: Required<Keys>;

beforeAll(async () => {
  fixture = await startOssFixture();
  keys = fixture.addSession();
  for (const key of KEYS) {
    await fixture.send(signV4({ method: 'PUT', key, body: key }, keys, { nowMs: fixture.now() }));
  }
});

afterAll(() => fixture.oss.close());

async function list(query: Readonly<Record<string, string>>) {
  const answer = await fixture.send(signV4({ query }, keys, { nowMs: fixture.now() }));
  const groups = [...answer.text.matchAll(/<CommonPrefixes><Prefix>([^<]*)</g)];
  return {
    ...answer,
    keys: textsOf(answer.text, 'Key').map(unescapeXml),
    groups: groups.map(([, group = '']) => unescapeXml(group)),
    isTruncated: textOf(answer.text, 'IsTruncated') === 'true',
    modified: textsOf(answer.text, 'LastModified'),
    next: unescapeXml(
      textOf(answer.text, 'NextContinuationToken') || textOf(answer.text, 'NextMarker'),
    ),
  };
}

function unescapeXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Every page, each by the continuation of the page before. */
async function listPages(query: Readonly<Record<string, string>>) {
  const parameter = query['list-type'] === '2' ? 'continuation-token' : 'marker';
  const pages: Awaited<ReturnType<typeof list>>[] = [];
  let next = '';
  do {
    const page = await list({ ...query, ...(next === '' ? {} : { [parameter]: next }) });
    expect(page.status).toBe(200);
    pages.push(page);
    next = page.next;
  } while (next !== '' && pages.length < 30);
  return pages;
}

describe.each([{ 'list-type': '2' }, {}])('a listing with %o', (version) => {
  it('sorts keys by their bytes', async () => {
    const { keys: listed, isTruncated } = await list(version);

    expect(listed).toEqual(KEYS);
    expect(isTruncated).toBe(false);
  });

  it('contains only keys with the prefix', async () => {
    expect((await list({ ...version, prefix: 'b/' })).keys).toEqual(['b/1', 'b/2', 'b/c/3']);
    expect((await list({ ...version, prefix: 'nothing' })).keys).toEqual([]);
  });

  it('groups keys that are equal up to the delimiter', async () => {
    const all = await list({ ...version, delimiter: '/' });
    const below = await list({ ...version, delimiter: '/', prefix: 'b/' });

    expect(all.keys).toEqual(['a', 'd', 'e&<f>', '！', '😀']);
    expect(all.groups).toEqual(['b/', 'g/', 'h/']);
    expect(below.keys).toEqual(['b/1', 'b/2']);
    expect(below.groups).toEqual(['b/c/']);
  });

  it.each(['1', '2', '3', '10', '11', '1000'])(
    'omits and repeats nothing in pages of %s',
    async (max) => {
      const plain = await listPages({ ...version, 'max-keys': max });
      const grouped = await listPages({ ...version, 'max-keys': max, delimiter: '/' });

      expect(plain.flatMap((page) => page.keys)).toEqual(KEYS);
      expect(grouped.flatMap((page) => page.keys)).toEqual(['a', 'd', 'e&<f>', '！', '😀']);
      expect(grouped.flatMap((page) => page.groups)).toEqual(['b/', 'g/', 'h/']);
      for (const page of [...plain, ...grouped]) {
        expect(page.keys.length + page.groups.length).toBeLessThanOrEqual(Number(max));
      }
      expect(plain.at(-1)?.isTruncated).toBe(false);
    },
  );

  it('encodes names on request, and its pages still continue correctly', async () => {
    const encoded = await list({ ...version, 'encoding-type': 'url', prefix: 'e&' });
    const pages = await listPages({ ...version, 'max-keys': '1', prefix: 'b/' });

    expect(encoded.keys.map(decodeURIComponent)).toEqual(['e&<f>']);
    expect(encoded.keys).not.toEqual(['e&<f>']);
    expect(decodeURIComponent(textOf(encoded.text, 'Prefix'))).toBe('e&');
    expect(textOf(encoded.text, 'EncodingType')).toBe('url');
    expect(pages.length).toBe(3);
  });

  it.each(['0', '-1', '1001', '1.5', 'many'])('is refused for max-keys %s', async (max) => {
    expect((await list({ ...version, 'max-keys': '1' })).status).toBe(200);
    expect(await list({ ...version, 'max-keys': max })).toMatchObject({
      status: 400,
      code: 'InvalidArgument',
    });
  });
});

describe('a listing of version 2', () => {
  it('starts after a key, whether that key exists or not', async () => {
    const startAfter = async (key: string) =>
      (await list({ 'list-type': '2', 'start-after': key, 'max-keys': '2' })).keys;

    expect(await startAfter('b/1')).toEqual(['b/2', 'b/c/3']);
    expect(await startAfter('b/11')).toEqual(['b/2', 'b/c/3']);
    expect(await startAfter('😀')).toEqual([]);
  });

  it('counts keys and groups, and names owners only on request', async () => {
    const plain = await list({ 'list-type': '2', delimiter: '/' });
    const owned = await list({ 'list-type': '2', 'fetch-owner': 'true' });

    expect(textOf(plain.text, 'KeyCount')).toBe('8');
    expect(plain.text).not.toContain('<Owner>');
    expect(owned.text).toContain('<Owner>');
  });
});

describe('an object of a listing', () => {
  it('was modified in a whole second, in the only form that oss2 reads', async () => {
    const { modified } = await list({});

    expect(modified).toHaveLength(KEYS.length);
    for (const text of modified) expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  });
});

describe('the continuation of a page', () => {
  it('is an opaque token in version 2, and no other text is accepted', async () => {
    const { next } = await list({ 'list-type': '2', 'max-keys': '1' });
    const continueAt = (token: string) => list({ 'list-type': '2', 'continuation-token': token });

    expect((await continueAt(next)).keys).toEqual(KEYS.slice(1));
    for (const token of ['a', 'b/1', `${next}x`]) {
      expect((await continueAt(token)).code).toBe('InvalidArgument');
    }
  });

  it('begins at the first page with an empty token, as the SDK for Python does', async () => {
    const first = { 'list-type': '2', 'continuation-token': '', 'max-keys': '1' };

    expect((await list(first)).keys).toEqual(KEYS.slice(0, 1));
    expect((await list({ ...first, 'start-after': KEYS[0] ?? '' })).keys).toEqual(KEYS.slice(1, 2));
  });

  it('is a key in version 1, encoded on request', async () => {
    const query = { prefix: 'b/', 'max-keys': '1' };

    expect((await list(query)).next).toBe('b/1');
    expect((await list({ ...query, 'encoding-type': 'url' })).next).toBe('b%2F1');
  });
});

describe('a listing of version 1', () => {
  it('starts after its marker', async () => {
    expect((await list({ marker: 'b/2', 'max-keys': '2' })).keys).toEqual(['b/c/3', 'd']);
  });
});

describe.each([{ authorizationV4: false }, { authorizationV4: true }])(
  'the vendor’s client, with %o',
  (signing) => {
    it('reads the pages of both versions', async () => {
      const client = fixture.createClient(keys, signing);
      const seen: string[] = [];
      let token: string | undefined;
      do {
        const page: Awaited<ReturnType<typeof client.listV2>> = await client.listV2(
          { 'max-keys': '2', ...(token === undefined ? {} : { 'continuation-token': token }) },
          {},
        );
        seen.push(...page.objects.map(({ name }) => name));
        token = Reflect.get(page, 'nextContinuationToken');
      } while (typeof token === 'string');
      const first = await client.list({ 'max-keys': 10, delimiter: '/', prefix: 'b/' }, {});

      expect(seen).toEqual(KEYS);
      expect(first.objects.map(({ name, size }) => [name, size])).toEqual([
        ['b/1', 3],
        ['b/2', 3],
      ]);
      expect(first.prefixes).toEqual(['b/c/']);
    });

    it('may list only the prefix in its policy', async () => {
      const narrow = fixture.addSession([
        {
          Effect: 'Allow',
          Action: 'oss:ListObjects',
          Resource: 'acs:oss:*:*:app-media',
          Condition: { StringLike: { 'oss:Prefix': ['b/', 'b/*'] } },
        },
      ]);
      const client = fixture.createClient(narrow, signing);
      const query = (prefix: string) => ({ prefix, 'max-keys': '10' });

      expect((await client.listV2(query('b/'), {})).objects.length).toBe(3);
      expect((await client.listV2(query('b/c'), {})).objects.length).toBe(1);
      for (const prefix of ['b', 'bc', 'g/']) {
        expect(await ossRefusal(client.listV2(query(prefix), {}))).toBe('AccessDenied');
      }
      expect(await ossRefusal(client.listV2({ 'max-keys': '10' }, {}))).toBe('AccessDenied');
    });
  },
);
