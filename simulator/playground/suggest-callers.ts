/** Finds callers to sign in as: two for each grant, and some that are refused. */
import type { Config } from '../../src/config/config.ts';
import { type Suggestion, suggestClaims } from '../dev/suggest-claims.ts';
import type { Caller } from './answer.ts';

/** More make a list that nobody reads. */
const MAX_CALLERS = 40;
const NAMES = ['alice', 'bob'] as const;

interface SuggestedCaller extends Caller, Suggestion {
  readonly grant: string;
}

/** Alice and Bob of each grant that somebody can be found for. */
export function suggestCallers({ grants, issuers }: Config): readonly SuggestedCaller[] {
  const found = new Map<string, SuggestedCaller>();
  for (const grant of grants) {
    const issuer = issuers.find(({ name }) => name === grant.issuer);
    if (issuer === undefined) continue;
    for (const name of NAMES) {
      const suggestion = suggestClaims(grant, issuer, name);
      if (suggestion === undefined || found.size >= MAX_CALLERS) continue;
      const label = `${name}, for ${grant.name}`;
      found.set(label, { label, issuer: issuer.name, grant: grant.name, ...suggestion });
    }
  }
  return [...found.values()];
}

/** Callers whose tokens the broker refuses, each for another reason. */
export function suggestStrangers({ issuers }: Config): readonly Caller[] {
  const [issuer] = issuers;
  if (issuer === undefined) return [];
  const { name } = issuer;
  return [
    {
      label: 'alice, with an expired token',
      issuer: name,
      claims: { sub: 'alice', exp: 1, iat: 0 },
    },
    {
      label: 'alice, with a token for another audience',
      issuer: name,
      claims: { sub: 'alice', aud: 'another-service' },
    },
    {
      label: 'alice, who names another issuer',
      issuer: name,
      claims: { sub: 'alice', iss: issuers[1]?.issuer ?? 'https://id.stranger.example/' },
    },
  ];
}
