import { describe, expect, it } from 'vitest';
import { allMatch, anyMatches, type Match, negate } from '../../src/session-policy/match.ts';

describe('an undecided match', () => {
  const PAIRS: readonly (readonly [left: Match, right: Match, all: Match, any: Match])[] = [
    ['yes', 'yes', 'yes', 'yes'],
    ['yes', 'no', 'no', 'yes'],
    ['no', 'no', 'no', 'no'],
    ['yes', 'undecided', 'undecided', 'yes'],
    ['no', 'undecided', 'no', 'undecided'],
    ['undecided', 'undecided', 'undecided', 'undecided'],
  ];
  it.each(PAIRS)(
    'stays undecided unless another match decides: %s with %s',
    (left, right, all, any) => {
      expect([allMatch([left, right]), allMatch([right, left])]).toEqual([all, all]);
      expect([anyMatches([left, right]), anyMatches([right, left])]).toEqual([any, any]);
    },
  );

  it('results from an empty choice, but not from an empty list of conditions', () => {
    expect(anyMatches([])).toBe('undecided');
    expect(allMatch([])).toBe('yes');
  });

  it('stays undecided when it is negated', () => {
    expect([negate('yes'), negate('no'), negate('undecided')]).toEqual(['no', 'yes', 'undecided']);
  });
});
