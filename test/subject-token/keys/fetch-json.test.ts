import { describe, expect, it } from 'vitest';
import { fetchJsonObject, parseFetchableUrl } from '../../../src/subject-token/keys/fetch-json.ts';

describe('a URL that may be fetched', () => {
  it.each([
    'https://login.example.com/keys?a=b',
    'https://10.0.0.1/',
    'http://localhost:8080/keys',
    'http://127.0.0.1/',
    'http://[::1]:1/',
  ])('is %s', (url) => {
    expect(parseFetchableUrl(url)?.href).toBe(url);
  });

  it.each([
    'http://login.example.com/',
    'http://localhost.example.com/',
    'http://127.0.0.2/',
    'ftp://localhost/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'https://user@login.example.com/',
    'https://:password@login.example.com/',
    'https://user:password@login.example.com/',
    'http://user@localhost/',
    'login.example.com',
    '',
  ])('is not %s', (url) => {
    expect(parseFetchableUrl(url)).toBeUndefined();
  });
});

/** Fetches a document that arrives in these pieces. */
function fetchPieces(pieces: readonly (string | Error)[], limitBytes = 16) {
  const seen = { closed: 0, read: 0 };
  const outcome = fetchJsonObject('https://login.example.com/', {
    what: 'the document',
    limitBytes,
    signal: new AbortController().signal,
    privateNetwork: false,
    fetchIssuer: async () => ({
      status: 200,
      contentEncoding: undefined,
      close: () => {
        seen.closed += 1;
      },
      body: (async function* () {
        for (const piece of pieces) {
          seen.read += 1;
          if (piece instanceof Error) throw piece;
          yield Buffer.from(piece);
        }
      })(),
    }),
  });
  return { outcome, seen };
}

describe('a document', () => {
  it('may be exactly as large as the limit', async () => {
    expect({ ...(await fetchPieces(['{"a":', '"12345678"}']).outcome) }).toEqual({ a: '12345678' });
  });

  it('is not read beyond the limit, and the connection ends', async () => {
    const { outcome, seen } = fetchPieces(['{"a":"12345678', '9"}', 'more', 'and more']);

    await expect(outcome).rejects.toThrow('the document: is larger than 16 bytes');
    expect(seen).toEqual({ closed: 1, read: 2 });
  });

  it.each<[string, Error & { readonly code?: unknown }, string]>([
    ['a code', Object.assign(new Error('canary'), { code: 'ECONNRESET' }), ' (ECONNRESET)'],
    ['no code', new Error('canary'), ''],
    ['a code that is not text', Object.assign(new Error('canary'), { code: 7 }), ''],
    ['a code with further text', Object.assign(new Error('x'), { code: 'E canary' }), ''],
    [
      'a code that only begins correctly',
      Object.assign(new Error('x'), { code: 'ECANARY https' }),
      '',
    ],
    [
      'a code that only ends correctly',
      Object.assign(new Error('x'), { code: 'https ECANARY' }),
      '',
    ],
  ])('that breaks off is described by the error code only: %s', async (_what, error, shown) => {
    const message = await fetchPieces(['{', error]).outcome.catch(({ message }: Error) => message);

    expect(message).toBe(`the document: cannot be reached${shown}`);
  });
});
