/** Says what a request asks for, as it was sent, for its audit line. */
import type { Requested } from '../../ports.ts';
import { toLogged } from './request-members.ts';

/**
 * `auditedAs` has the members that a surface's audit lines show, with the names that they have there. Of
 * repeated members, the first counts.
 */
export function describeMembers(
  sent: readonly (readonly [name: string, value: unknown])[],
  auditedAs: ReadonlyMap<string, keyof Requested>,
): Requested {
  const requested: Partial<Record<keyof Requested, string>> = {};
  for (const [name, value] of sent) {
    const member = auditedAs.get(name);
    if (member === undefined || requested[member] !== undefined) continue;
    const isTextList = Array.isArray(value) && value.every((item) => typeof item === 'string');
    requested[member] = toLogged(isTextList ? value.join(',') : value);
  }
  return requested;
}
