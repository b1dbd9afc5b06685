/** Reduces a caller's address to the part that one caller cannot easily change. */
import { isIPv4 } from 'node:net';
import { ipv6Groups } from '../lib/ipv6-groups.ts';

/** The first six groups of IPv4-mapped and IPv4-translated addresses. */
const IPV4_PREFIXES: readonly string[] = ['0,0,0,0,0,65535', '0,0,0,0,65535,0'];

/**
 * Returns an IPv4 address unchanged, and the first 64 bits of an IPv6 address, since one caller
 * controls all addresses of a /64 (RFC 6177, RFC 7421). An IPv4-mapped (`::ffff:a.b.c.d`, RFC 4291) or
 * IPv4-translated address (`::ffff:0:a.b.c.d`, RFC 2765) counts as the IPv4 address: otherwise all of
 * IPv4 would share one /64. The address must be valid and without a zone.
 */
export function callerNetwork(address: string): string {
  if (isIPv4(address)) return address;
  const groups = ipv6Groups(address);
  if (IPV4_PREFIXES.includes(groups.slice(0, 6).join())) {
    const bytes = groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]);
    return bytes.join('.');
  }
  const prefix = groups.slice(0, 4).map((group) => group.toString(16));
  return `${prefix.join(':')}::/64`;
}
