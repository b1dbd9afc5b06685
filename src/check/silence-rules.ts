/** The rules about silences themselves. No comment silences them. */
import type { RuleInfo } from './finding.ts';

export const WITHOUT_REASON = {
  id: 'silence-without-reason',
  severity: 'warning',
  summary: 'A silence says why',
} as const satisfies RuleInfo;

export const UNKNOWN_RULE = {
  id: 'silence-of-no-rule',
  severity: 'warning',
  summary: 'A silence names a rule that can be silenced',
} as const satisfies RuleInfo;

export const UNUSED = {
  id: 'silence-unused',
  severity: 'warning',
  summary: 'A silence silences something',
} as const satisfies RuleInfo;

export const SILENCE_RULES: readonly RuleInfo[] = [WITHOUT_REASON, UNKNOWN_RULE, UNUSED];
