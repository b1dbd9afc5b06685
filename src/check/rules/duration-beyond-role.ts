/** Finds durations that a role allows only if somebody raised its MaxSessionDuration. */
import type { Rule } from '../finding.ts';

/** https://www.alibabacloud.com/help/en/ram/user-guide/specify-the-maximum-session-duration-for-a-ram-role */
const USUAL_MAX_SECONDS = 3600;

export const durationBeyondRole: Rule = {
  id: 'duration-beyond-role',
  severity: 'warning',
  summary:
    'STS refuses a duration beyond the MaxSessionDuration of the role, which is 1h by default',
  find: ({ grants }) =>
    grants.flatMap(({ duration: { defaultSeconds, maxSeconds }, role }, index) => {
      if (maxSeconds <= USUAL_MAX_SECONDS) return [];
      const who =
        defaultSeconds > USUAL_MAX_SECONDS ? 'every caller' : 'a caller who asks for more than 1h';
      return {
        path: ['grants', index, 'duration'],
        reason: `goes beyond 1h, the MaxSessionDuration that a RAM role has by default, and STS refuses ${who} if ${role} has it`,
        fix: `set max to 1h, or raise MaxSessionDuration of the role and silence this with that as the reason`,
      };
    }),
};
