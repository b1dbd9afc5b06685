/** Says what a request asks for, as it was sent, for its audit line. */
import type { Requested } from '../../ports.ts';
import { toLogged } from './request-members.ts';

/**
 * Makes the description for one surface. `auditedAs` has every member of its requests that the audit line
 * shows, with the name that it has there. Of repeated members, the first counts.
 */
export function createDescribeRequested(
  auditedAs: readonly (readonly [member: string, name: keyof Requested])[],
) {
  const names = new Map(auditedAs);
  return function describeRequested(
    sent: readonly (readonly [name: string, value: unknown])[],
  ): Requested {
    const requested: Partial<Record<keyof Requested, string>> = {};
    for (const [name, value] of sent) {
      const member = names.get(name);
      if (member === undefined || requested[member] !== undefined) continue;
      const isTextList = Array.isArray(value) && value.every((item) => typeof item === 'string');
      requested[member] = toLogged(isTextList ? value.join(',') : value);
    }
    return requested;
  };
}
