/** What keeps a large config from taking much time or memory. */
import { describe, expect, it } from 'vitest';
import { setOf } from '../../src/prove/claim-space.ts';
import { languageOf } from '../../src/prove/language.ts';
import { createProver } from '../../src/prove/prover.ts';
import { makeAllowance, makeGrant, makeIssuer } from '../support/config.ts';

describe('what a proof is made from', () => {
  it('has one state for each beginning of a text, however long the texts are', () => {
    expect(languageOf(['x'.repeat(100_000)]).states.length).toBe(100_001);
    expect(languageOf(['ab', 'ac', 'a', '']).states.length).toBe(4);
  });

  it('computes once what all grants of an issuer deny', () => {
    const deny = { subjects: ['u-1', 'u-2'], tokenIds: ['t-1'], keyIds: [] };
    const allow = [makeAllowance('oss://app-media/all/')] as const;
    const { reaches } = createProver({
      issuers: [makeIssuer({ deny })],
      grants: ['one', 'other'].map((name) => makeGrant({ name, allow })),
    });
    const [one, other] = reaches.map(({ space }) => space);
    if (one === undefined || other === undefined) throw new Error('no grants');

    for (const claim of ['sub', 'jti']) {
      const { strings } = setOf(one, [claim]);
      expect(strings?.states.length).toBeGreaterThan(4);
      expect(setOf(other, [claim]).strings).toBe(strings);
    }
  });
});
