/** Three-valued logic for policies: what cannot be read must not allow, and must not disable a Deny. */

/** `undecided`: the policy or the request has no documented meaning. */
export type Match = 'yes' | 'no' | 'undecided';

export function toMatch(isMatching: boolean): Match {
  return isMatching ? 'yes' : 'no';
}

/** `yes` if all are `yes`, and `no` if one is `no`. */
export function allMatch(matches: readonly Match[]): Match {
  if (matches.includes('no')) return 'no';
  return matches.includes('undecided') ? 'undecided' : 'yes';
}

/** `yes` if one is `yes`. An empty list is `undecided`, since it has no documented meaning. */
export function anyMatches(matches: readonly Match[]): Match {
  if (matches.includes('yes')) return 'yes';
  return matches.length === 0 || matches.includes('undecided') ? 'undecided' : 'no';
}

/** Swaps `yes` and `no`. */
export function negate(match: Match): Match {
  if (match === 'undecided') return 'undecided';
  return match === 'yes' ? 'no' : 'yes';
}
