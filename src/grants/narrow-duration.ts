/** Narrowing of the duration: the caller asks for a shorter life, and never gets a longer one. */
import type { GrantDuration } from '../config/config.ts';
import { MIN_SESSION_SECONDS } from '../lib/session-seconds.ts';
import { refuse } from '../refusal.ts';

/**
 * How long the credential may live, in seconds: what was asked for or the grant's default, never
 * beyond the subject token's own life, except that STS has a floor of 900 s. Throws the refusals
 * `duration_outside_grant` and, where the grant is strict, `token_life_too_short`.
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
