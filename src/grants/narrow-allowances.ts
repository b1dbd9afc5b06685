/** Narrowing of targets and permissions: the caller asks for less than the grant, and never gets more. */
import type { Permission } from '../config/config.ts';
import type { GrantedTarget, Target } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { containsTarget, isPrefix } from './target.ts';

/** Whether any of the granted targets holds the target that the caller asks for. */
export function coversTarget(allowances: readonly GrantedTarget[], target: Target): boolean {
  return allowances.some((allowance) => containsTarget(allowance.target, target));
}

/**
 * Cuts what a grant allows down to the target and the permissions that the caller asks for.
 * Throws the refusals `target_outside_grant` and `permission_outside_grant`.
 */
export function narrowAllowances(
  grantName: string,
  granted: readonly GrantedTarget[],
  asked: {
    readonly target?: Target | undefined;
    readonly permissions?: readonly Permission[] | undefined;
  },
): readonly GrantedTarget[] {
  const { target, permissions } = asked;
  const onTarget = target === undefined ? granted : cutToTarget(granted, target);
  if (onTarget.length === 0) {
    throw refuse({ reason: 'target_outside_grant', grants: [grantName] });
  }
  if (permissions === undefined) return onTarget;

  const everyOneGranted = permissions.every((permission) =>
    onTarget.some((allowance) => allowance.permissions.includes(permission)),
  );
  if (permissions.length === 0 || !everyOneGranted) {
    throw refuse({ reason: 'permission_outside_grant', grant: grantName });
  }
  return onTarget
    .map((allowance) => ({
      target: allowance.target,
      permissions: allowance.permissions.filter((permission) => permissions.includes(permission)),
      // raw actions go with no permission, so asking for permissions leaves them behind
      actions: [],
    }))
    .filter((allowance) => allowance.permissions.length > 0);
}

/** All that the allowances which hold the target give on it. One object cannot be listed. */
function cutToTarget(granted: readonly GrantedTarget[], target: Target): readonly GrantedTarget[] {
  const holding = granted.filter((allowance) => containsTarget(allowance.target, target));
  const permissions = new Set(holding.flatMap((allowance) => allowance.permissions));
  if (!isPrefix(target)) permissions.delete('list');
  const actions = new Set(holding.flatMap((allowance) => allowance.actions));
  if (permissions.size + actions.size === 0) return [];
  return [{ target, permissions: [...permissions], actions: [...actions] }];
}
