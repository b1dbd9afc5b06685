/** The part of a caller's address that is limited: what one caller cannot easily change. */
import { isIPv4 } from 'node:net';
import { ipv6Groups } from '../lib/ipv6-groups.ts';

/**
 * An IPv4 address as it is. Of an IPv6 address the first 64 bits, since whoever has one address has
 * the rest of them too (RFC 6177, RFC 7421). An IPv4 address in the dress of an IPv6 one counts as
 * itself. The address must be valid and without a zone.
 */
export function callerNetwork(address: string): string {
  if (isIPv4(address)) return address;
  const groups = ipv6Groups(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) {
    const bytes = groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]);
    return bytes.join('.');
  }
  const prefix = groups.slice(0, 4).map((group) => group.toString(16));
  return `${prefix.join(':')}::/64`;
}
