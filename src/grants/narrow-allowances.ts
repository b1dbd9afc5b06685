/** Narrows the targets and permissions of a grant to what the caller asks for. */
import type { Permission } from '../config/config.ts';
import type { GrantedTarget, Target } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { containsTarget, isPrefix } from './target.ts';

/** Whether any of the granted targets contains the target that the caller asks for. */
export function coversTarget(allowances: readonly GrantedTarget[], target: Target): boolean {
  return allowances.some((allowance) => containsTarget(allowance.target, target));
}

/**
 * Narrows the allowances to the target and the permissions that the caller asks for.
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
  const onTarget = target === undefined ? granted : narrowToTarget(granted, target);
  if (onTarget.length === 0) {
    throw refuse({ reason: 'target_outside_grant', grants: [grantName] });
  }
  if (permissions === undefined) return onTarget;

  const areAllGranted = permissions.every((permission) =>
    onTarget.some((allowance) => allowance.permissions.includes(permission)),
  );
  if (permissions.length === 0 || !areAllGranted) {
    throw refuse({ reason: 'permission_outside_grant', grant: grantName });
  }
  return onTarget
    .map((allowance) => ({
      target: allowance.target,
      permissions: allowance.permissions.filter((permission) => permissions.includes(permission)),
      // actions belong to no permission, so a caller that asks for permissions does not get them
      actions: [],
    }))
    .filter((allowance) => allowance.permissions.length > 0);
}

/** Merges what all allowances give on the target. A single object cannot be listed. */
function narrowToTarget(
  granted: readonly GrantedTarget[],
  target: Target,
): readonly GrantedTarget[] {
  const containing = granted.filter((allowance) => containsTarget(allowance.target, target));
  const permissions = new Set(containing.flatMap((allowance) => allowance.permissions));
  if (!isPrefix(target)) permissions.delete('list');
  const actions = new Set(containing.flatMap((allowance) => allowance.actions));
  if (permissions.size + actions.size === 0) return [];
  return [{ target, permissions: [...permissions], actions: [...actions] }];
}
