/** Warns of a grant that is valid, but probably not what the operator meant. */
import { isIP } from 'node:net';
import type { Grant } from '../config/config.ts';
import { ipv6Groups } from '../lib/ipv6-groups.ts';
import type { Warn } from './config-problems.ts';

/** Warns of targets that may have been meant as prefixes, and of CIDR ranges with host bits. */
export function warnOfGrant(grant: Grant, warn: Warn): void {
  for (const [index, { target }] of grant.allow.entries()) {
    const last = target.text.slice(target.text.lastIndexOf('/') + 1);
    // the name of a file has an extension outside of attributes
    if (last === '' || last.replace(/\{[^}]*\}/g, '').includes('.')) continue;
    warn(
      ['allow', index, 'target'],
      `is one object, because it does not end with "/"; write "${target.text}/" if a prefix is meant`,
      'target-is-object',
    );
  }
  const { sourceIp } = grant.restrict;
  if (!Array.isArray(sourceIp)) return;
  for (const [index, range] of sourceIp.entries()) {
    const network = networkOf(range);
    if (network === undefined) continue;
    warn(
      ['restrict', 'sourceIp', index],
      `has bits set beyond its prefix length, so it means ${network}; write that, or ${range.split('/')[0]} for one address`,
      'host-bits-in-range',
    );
  }
}

/** The range with its host bits cleared, if the address has any set; else undefined. */
function networkOf(range: string): string | undefined {
  const [address = '', bits] = range.split('/');
  if (bits === undefined) return undefined;
  const isV4 = isIP(address) === 4;
  const width = isV4 ? 8 : 16;
  const groups = isV4 ? address.split('.').map(Number) : ipv6Groups(address);
  const network = groups.map((group, index) => {
    const hostBits = Math.min(width, Math.max(0, (index + 1) * width - Number(bits)));
    return (group >> hostBits) << hostBits;
  });
  if (network.every((group, index) => group === groups[index])) return undefined;
  if (isV4) return `${network.join('.')}/${bits}`;
  const text = network.map((group) => group.toString(16)).join(':');
  return `${new URL(`http://[${text}]`).hostname.slice(1, -1)}/${bits}`;
}
