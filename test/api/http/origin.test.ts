import { describe, expect, it } from 'vitest';
import { createReadOrigin } from '../../../src/api/http/origin.ts';

type Options = Parameters<typeof createReadOrigin>[0];

const UUID = '3f2c1a90-7b64-4e0d-9a51-0c8e2d6f7b31';

function readOrigin(
  headers: Readonly<Record<string, string>>,
  options: Partial<Options> & { readonly remoteAddress?: string } = {},
) {
  const { remoteAddress, ...overrides } = options;
  const read = createReadOrigin({
    isOnFunctionCompute: false,
    callerAddress: undefined,
    randomUuid: () => UUID,
    ...overrides,
  });
  const all = new Headers(headers);
  return read({ header: (name) => all.get(name) ?? undefined, remoteAddress });
}

describe('the request id', () => {
  const platform = { isOnFunctionCompute: true };

  it('is one of our own', () => {
    expect(readOrigin({}).requestId).toBe(UUID.toUpperCase());
  });

  it('is that of Function Compute there, and only there', () => {
    const headers = { 'x-fc-request-id': '1-64f6cd87-0f3a2b7e-5c1d' };
    expect(readOrigin(headers, platform).requestId).toBe('1-64f6cd87-0f3a2b7e-5c1d');
    expect(readOrigin(headers).requestId).toBe(UUID.toUpperCase());
  });

  it.each(['', 'short', 'a'.repeat(65), '1-64f6cd87"}', '1-64f6cd87 x', '../../../etc'])(
    'is one of our own rather than "%s"',
    (id) => {
      expect(readOrigin({ 'x-fc-request-id': id }, platform).requestId).toBe(UUID.toUpperCase());
    },
  );
});

describe("the caller's address", () => {
  it.each<[string | undefined, string | undefined]>([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['::1', '::1'],
    ['fe80::1%eth0', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('is that of the connection: %s gives %s', (remoteAddress, expected) => {
    const options = remoteAddress === undefined ? {} : { remoteAddress };
    const forged = {
      'x-forwarded-for': '6.6.6.6',
      'x-real-ip': '6.6.6.6',
      forwarded: 'for=6.6.6.6',
    };
    expect(readOrigin(forged, options).callerAddress).toBe(expected);
  });

  it.each<[number, string | undefined, string | undefined]>([
    [1, '203.0.113.7', '203.0.113.7'],
    [1, '6.6.6.6, 203.0.113.7', '203.0.113.7'],
    [1, '6.6.6.6,203.0.113.7', '203.0.113.7'],
    [2, '6.6.6.6, 203.0.113.7, 10.0.0.1', '203.0.113.7'],
    [2, '203.0.113.7, 10.0.0.1', '203.0.113.7'],
    [2, '203.0.113.7', undefined],
    [3, '203.0.113.7, 10.0.0.1', undefined],
    [1, '::ffff:203.0.113.7', '203.0.113.7'],
    [1, '2001:db8::1', '2001:db8::1'],
    [1, undefined, undefined],
    [1, '', undefined],
    [1, ',', undefined],
    [1, '203.0.113.7,', undefined],
    [1, '203.0.113.7:1234', undefined],
    [1, '[2001:db8::1]', undefined],
    [1, '"203.0.113.7"', undefined],
    [1, 'for=203.0.113.7', undefined],
    [1, 'unknown', undefined],
    [1, '203.0.113.7; 1.1.1.1', undefined],
    [1, '0x7f.1', undefined],
    [1, '127.1', undefined],
    [1, '203.0.113.07', undefined],
    [1, '10.0.0.0/8', undefined],
    [1, '::ffff:203.0.113.7%eth0', undefined],
  ])('with %i trusted hops and "%s" in the header is %s', (trustedHops, value, expected) => {
    const headers = value === undefined ? {} : { 'x-forwarded-for': value };
    const callerAddress = { header: 'x-forwarded-for', trustedHops };
    // never that of the connection, which is the proxy's
    const origin = readOrigin(headers, { callerAddress, remoteAddress: '10.0.0.9' });
    expect(origin.callerAddress).toBe(expected);
  });
});
