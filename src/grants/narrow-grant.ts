/** Narrows a matched grant: its targets, permissions, duration and source addresses. */
import type { Asked, MatchedGrant, NarrowedGrant } from '../ports.ts';
import { narrowAllowances } from './narrow-allowances.ts';
import { narrowDuration } from './narrow-duration.ts';
import { chooseSourceIps } from './source-ips.ts';

/**
 * Narrows a grant to what the caller asks for. Throws the refusals `target_outside_grant`,
 * `permission_outside_grant`, `duration_outside_grant`, `token_life_too_short` and
 * `caller_address_unknown`.
 */
export function narrowGrant({ grant, allowances }: MatchedGrant, asked: Asked): NarrowedGrant {
  return {
    grant,
    allowances: narrowAllowances(grant.name, allowances, asked),
    durationSeconds: narrowDuration(grant.name, grant.duration, asked),
    ...chooseSourceIps(grant, asked.callerAddress),
  };
}
