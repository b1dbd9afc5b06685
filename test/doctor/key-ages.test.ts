/** How old the keys of an issuer are, when the set leaves some of them out. */
import { describe, expect, it } from 'vitest';
import { describeAges } from '../../src/doctor/key-ages.ts';
import { readKeySet } from '../../src/subject-token/keys/key-set.ts';
import { certificateOf } from '../support/dated-certificate.ts';
import { generateSigningKey, type SigningKey } from '../support/keys.ts';

const NOW_MS = Date.parse('2026-06-01T00:00:00Z');

const first = generateSigningKey('ES256', 'first');
const second = generateSigningKey('ES256', 'second');

const published = (key: SigningKey, since: string) => ({
  ...key.publicJwk,
  x5c: [certificateOf(key, since, '99991231235959Z')],
});

describe('the age of a key that is used', () => {
  it('is from its own certificate, whatever the words are that say why the key before it is not', async () => {
    const jwks = [
      { ...published(first, '20240301000000Z'), use: 'enc' },
      published(second, '20260301000000Z'),
    ];
    const keySet = await readKeySet({ keys: jwks }, ['ES256']);
    const reworded = keySet.dropped.map((key) => ({ ...key, problem: 'is for encryption' }));

    const { ofKeys } = describeAges({
      keySet: { ...keySet, dropped: reworded },
      jwks,
      lastModified: undefined,
      nowMs: NOW_MS,
    });

    expect(keySet.dropped.map(({ index }) => index)).toEqual([0]);
    expect(ofKeys).toEqual(['certificate since 2026-03-01']);
  });
});
