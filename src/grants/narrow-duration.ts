/** Narrows the duration of a grant to what the caller asks for. */
import type { GrantDuration } from '../config/config.ts';
import { MIN_SESSION_SECONDS } from '../lib/session-seconds.ts';
import type { Asked } from '../ports.ts';
import { refuse } from '../refusal.ts';

/** How long a credential is wanted for, in seconds, before the subject token's life shortens it. */
export function wantedSeconds(
  { defaultSeconds, maxSeconds }: GrantDuration,
  asked: Pick<Asked, 'durationSeconds' | 'usualDurationSeconds'>,
): number {
  const { durationSeconds, usualDurationSeconds } = asked;
  if (durationSeconds !== undefined) return durationSeconds;
  return usualDurationSeconds === undefined
    ? defaultSeconds
    : Math.min(usualDurationSeconds, maxSeconds);
}

/**
 * Returns the duration in seconds: what the caller asks for or the grant's default, and at most what
 * the subject token has left. STS accepts no less than 900 s, so the result is at least that. Throws
 * the refusals `duration_outside_grant` and, if the grant is strict, `token_life_too_short`.
 */
export function narrowDuration(
  grantName: string,
  duration: GrantDuration,
  asked: Pick<Asked, 'durationSeconds' | 'usualDurationSeconds' | 'tokenLeftSeconds'>,
): number {
  const wanted = wantedSeconds(duration, asked);
  if (wanted > duration.maxSeconds) {
    throw refuse({
      reason: 'duration_outside_grant',
      grant: grantName,
      maxSeconds: duration.maxSeconds,
    });
  }
  const allowed = Math.min(wanted, asked.tokenLeftSeconds);
  if (allowed >= MIN_SESSION_SECONDS) return allowed;
  if (duration.strict) {
    throw refuse({
      reason: 'token_life_too_short',
      grant: grantName,
      leftSeconds: asked.tokenLeftSeconds,
    });
  }
  return MIN_SESSION_SECONDS;
}
