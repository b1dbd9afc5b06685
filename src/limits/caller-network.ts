/** Reduces a caller's address to the part that one caller cannot easily change. */
import { isIPv4 } from 'node:net';
import { ipv6Groups } from '../lib/ipv6-groups.ts';

/**
 * Returns an IPv4 address unchanged, and the first 64 bits of an IPv6 address, since one caller
 * controls all addresses of a /64 (RFC 6177, RFC 7421). An IPv4-mapped IPv6 address counts as the
 * IPv4 address. The address must be valid and without a zone.
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
