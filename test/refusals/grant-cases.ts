/** Requests that are refused for what their caller may have. */
import { expect } from 'vitest';
import { asking, type RefusalCase, withClaims } from './refusal-case.ts';

export const GRANT_CASES: readonly RefusalCase[] = [
  {
    reason: 'no_grant_fits',
    status: 403,
    code: 'no_grant',
    ask: withClaims({ plan: 'none' }),
    why: {
      misfits: expect.arrayContaining([
        { grant: 'user-files', why: 'condition equals on claim "plan" does not hold' },
      ]),
    },
  },
  {
    reason: 'grant_not_available',
    status: 403,
    code: 'no_grant',
    ask: asking({ body: { Grant: 'strict' } }),
  },
  {
    reason: 'ambiguous_grant',
    status: 400,
    code: 'ambiguous_grant',
    ask: asking({ claims: { plan: 'both', groups: ['a'] } }),
    why: { grants: ['teams', 'both'] },
  },
  {
    reason: 'target_malformed',
    status: 400,
    code: 'invalid_target',
    ask: asking({ body: { Target: 'oss://app-media/users/*/' } }),
  },
  {
    reason: 'target_outside_grant',
    status: 403,
    code: 'target_outside_grant',
    ask: asking({ body: { Target: 'oss://app-media/users/user-10/' } }),
  },
  {
    reason: 'permission_outside_grant',
    status: 403,
    code: 'permission_outside_grant',
    ask: asking({ body: { Permissions: ['read', 'delete'] } }),
  },
  {
    reason: 'duration_outside_grant',
    status: 403,
    code: 'duration_outside_grant',
    ask: asking({ body: { DurationSeconds: 3601 } }),
    why: { maxSeconds: 3600 },
  },
  {
    reason: 'token_life_too_short',
    status: 403,
    code: 'subject_token_life_too_short',
    ask: asking({ claims: { plan: 'strict' } }),
  },
  {
    reason: 'caller_address_unknown',
    status: 403,
    code: 'caller_address_unknown',
    ask: asking({ claims: { plan: 'bound' } }),
  },
  {
    reason: 'session_policy_too_large',
    status: 403,
    code: 'too_many_targets',
    ask: asking({
      claims: { plan: 'teams', groups: Array.from({ length: 60 }, (_, n) => `team-${n}`) },
    }),
  },
  {
    reason: 'grant_disabled',
    status: 403,
    code: 'no_grant',
    ask: asking({ claims: { plan: 'switched-off' } }),
    why: { grant: 'switched-off', by: 'disabled' },
  },
];
