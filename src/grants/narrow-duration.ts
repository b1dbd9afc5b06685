/** Narrows the duration of a grant to what the caller asks for. */
import type { GrantDuration } from '../config/config.ts';
import { MIN_SESSION_SECONDS } from '../lib/session-seconds.ts';
import { refuse } from '../refusal.ts';

/**
 * Returns the duration in seconds: what the caller asks for or the grant's default, and at most what
 * the subject token has left. STS accepts no less than 900 s, so the result is at least that. Throws
 * the refusals `duration_outside_grant` and, if the grant is strict, `token_life_too_short`.
 */
export function narrowDuration(
  grantName: string,
  duration: GrantDuration,
  asked: { readonly durationSeconds?: number | undefined; readonly tokenLeftSeconds: number },
): number {
  const wanted = asked.durationSeconds ?? duration.defaultSeconds;
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
