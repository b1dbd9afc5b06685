/** What a caller may do on a target, as OSS actions: a permission and an extra action can be the same. */
import type { Permission } from '../config/config.ts';
import type { GrantedTarget } from '../ports.ts';
import {
  LIST_ACTION,
  OBJECT_ACTIONS,
  PERMISSION_ACTIONS,
} from '../session-policy/object-actions.ts';

export const PERMISSIONS: readonly Permission[] = ['read', 'write', 'list', 'delete'];

/** What a question asks for: any one of these actions. */
export interface Right {
  /** As it was asked: a permission, or an OSS action. */
  readonly name: string;
  readonly actions: readonly string[];
}

/** A permission or an OSS action that a session policy can hold. Undefined: it is neither. */
export function toRight(name: string): Right | undefined {
  const permission = PERMISSIONS.find((one) => one === name);
  if (permission !== undefined) return { name, actions: actionsOf(permission) };
  return name === LIST_ACTION || OBJECT_ACTIONS.includes(name)
    ? { name, actions: [name] }
    : undefined;
}

export const ANY_RIGHT: Right = { name: 'anything', actions: [...OBJECT_ACTIONS, LIST_ACTION] };

/** Whether the target gives any of the actions of the right. */
export function hasRight(
  { permissions, actions }: Pick<GrantedTarget, 'permissions' | 'actions'>,
  right: Right,
): boolean {
  return [...permissions.flatMap(actionsOf), ...actions].some((one) => right.actions.includes(one));
}

function actionsOf(permission: Permission): readonly string[] {
  return permission === 'list' ? [LIST_ACTION] : PERMISSION_ACTIONS[permission];
}
