/** Narrowing a matched grant in every respect: targets, permissions, duration, and from where. */
import type { Grant, Permission } from '../config/config.ts';
import type { GrantedTarget } from './fit-grant.ts';
import type { MatchedGrant } from './match-grant.ts';
import { narrowAllowances, narrowDuration } from './narrow.ts';
import { chooseSourceIps } from './source-ips.ts';
import type { Target } from './target.ts';

/** What the caller asks a grant for, and what bounds it besides the grant. */
export interface Asked {
  readonly target?: Target | undefined;
  readonly permissions?: readonly Permission[] | undefined;
  readonly durationSeconds?: number | undefined;
  /** What is left of the subject token's life. */
  readonly tokenLeftSeconds: number;
  readonly callerAddress: string | undefined;
}

/** All that a credential may do, for how long, and from which addresses. */
export interface NarrowedGrant {
  readonly grant: Grant;
  readonly allowances: readonly GrantedTarget[];
  readonly durationSeconds: number;
  /** Absent: from anywhere. */
  readonly sourceIps?: readonly string[];
}

/**
 * Cuts a grant down to what the caller asks for. Throws the refusals `target_outside_grant`,
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
