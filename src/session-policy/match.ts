/** Three-valued logic for judging a policy: what cannot be read must neither allow nor fail to deny. */

/** `undecided`: the policy or the request says something that has no documented meaning. */
export type Match = 'yes' | 'no' | 'undecided';

/** True and false as matches. */
export function toMatch(isMatching: boolean): Match {
  return isMatching ? 'yes' : 'no';
}

/** `yes` if all are; one `no` settles it. */
export function allMatch(matches: readonly Match[]): Match {
  if (matches.includes('no')) return 'no';
  return matches.includes('undecided') ? 'undecided' : 'yes';
}

/** `yes` if one is; nothing to choose from is `undecided`, as an empty list has no documented meaning. */
export function anyMatches(matches: readonly Match[]): Match {
  if (matches.includes('yes')) return 'yes';
  return matches.length === 0 || matches.includes('undecided') ? 'undecided' : 'no';
}

/** The opposite; what is undecided stays so. */
export function negate(match: Match): Match {
  if (match === 'undecided') return 'undecided';
  return match === 'yes' ? 'no' : 'yes';
}
