/** The part of a caller's address that is limited: what one caller cannot easily change. */
import { isIPv4 } from 'node:net';

/**
 * An IPv4 address as it is. Of an IPv6 address the first 64 bits, since whoever has one address has
 * the rest of them too (RFC 6177, RFC 7421). An IPv4 address in the dress of an IPv6 one counts as
 * itself. The address must be valid and without a zone.
 */
export function callerNetwork(address: string): string {
  if (isIPv4(address)) return address;
  const groups = toGroups(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) {
    const bytes = groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]);
    return bytes.join('.');
  }
  const prefix = groups.slice(0, 4).map((group) => group.toString(16));
  return `${prefix.join(':')}::/64`;
}

/** The eight groups of an IPv6 address, however it is written. */
function toGroups(address: string): readonly number[] {
  // the URL parser writes the last two groups of ::1.2.3.4 in hexadecimal too
  const { hostname } = new URL(`http://[${address}]/`);
  const text = hostname.slice(1, -1);
  const zeros = '0:'.repeat(8 - splitGroups(text).length);
  return splitGroups(text.replace('::', `:${zeros}`)).map((group) => Number.parseInt(group, 16));
}

function splitGroups(text: string): readonly string[] {
  return text.split(':').filter((group) => group !== '');
}
