/** Decides which network addresses an issuer's documents may be fetched from. */
import { BlockList, isIP } from 'node:net';
import { ipv6Groups } from '../../lib/ipv6-groups.ts';

/** Where the config places an issuer's host. */
export interface ConfiguredPlace {
  /** The host is `localhost` or a loopback literal, as in development. */
  readonly isLoopback: boolean;
  /** The config says that the issuer is inside the operator's own network. */
  readonly isPrivate: boolean;
}

/** What is wrong with an address for that place, as a predicate to put after the host, or undefined. */
export type FindAddressProblem = (address: string, place: ConfiguredPlace) => string | undefined;

type AddressKind = 'public' | 'private' | 'loopback' | 'forbidden';
type ClassifyIpv4 = (address: string) => AddressKind;
type Range = readonly [network: string, prefix: number];

/**
 * Never allowed, whatever the config says: "this network", link-local, multicast and broadcast
 * addresses (RFC 6890, section 2.2.2; RFC 5771), and metadata services, which hand out the
 * credentials of a machine.
 */
const FORBIDDEN_IPV4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16], // includes the metadata service of most clouds
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
  ['100.100.100.200', 32], // Alibaba Cloud's metadata service, in shared address space
  ['168.63.129.16', 32], // Azure's platform services, in public address space
  ['192.0.0.192', 32], // Oracle's metadata service
];

/**
 * All other blocks that are not "globally reachable" in IANA's IPv4 Special-Purpose Address Registry
 * (RFC 6890), including the few globally reachable addresses inside them.
 */
const PRIVATE_IPV4: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['240.0.0.0', 4],
];

/** The IPv6 counterparts of `FORBIDDEN_IPV4` (RFC 4291, section 2.4). */
const FORBIDDEN_IPV6: readonly Range[] = [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128], // AWS's metadata service
  ['fd20:ce::254', 128], // Google Cloud's metadata service
];

/** IANA's global unicast space, and the NAT64 prefix for IPv4 (RFC 6052). */
const PUBLIC_IPV6: readonly Range[] = [
  ['2000::', 3],
  ['64:ff9b::', 96],
];

/** The special blocks within global unicast (IANA's IPv6 Special-Purpose Address Registry). */
const PRIVATE_IPV6: readonly Range[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
];

/** Makes the check. Run it for every address, immediately before connecting to it. */
export function createFindAddressProblem(): FindAddressProblem {
  const classify = createClassifyAddress();

  return function findAddressProblem(address, place) {
    const kind = classify(address);
    if (kind === 'forbidden') {
      return 'has a link-local, multicast, metadata or otherwise forbidden address; the broker never connects to one';
    }
    if (place.isLoopback) {
      // loopback may use plain http, which must not reach another machine
      return kind === 'loopback' ? undefined : 'has an address that is not loopback';
    }
    if (kind === 'loopback') return 'has a loopback address, which only localhost may have';
    if (kind === 'private' && !place.isPrivate) {
      return 'has an address in a private network; set privateNetwork: true if that is intended';
    }
    return undefined;
  };
}

/** Whether a URL's host, without brackets, is loopback. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function createClassifyAddress(): (address: string) => AddressKind {
  const classifyIpv4 = createClassifyIpv4();
  const classifyIpv6 = createClassifyIpv6(classifyIpv4);

  return function classifyAddress(address) {
    // a zone means that the address is on the local link
    if (address.includes('%')) return 'forbidden';
    const version = isIP(address);
    if (version === 4) return classifyIpv4(address);
    return version === 6 ? classifyIpv6(address) : 'forbidden';
  };
}

function createClassifyIpv4(): ClassifyIpv4 {
  const forbidden = listRanges(FORBIDDEN_IPV4, 'ipv4');
  const loopback = listRanges([['127.0.0.0', 8]], 'ipv4');
  const notPublic = listRanges(PRIVATE_IPV4, 'ipv4');

  return function classifyIpv4(address) {
    if (forbidden.check(address, 'ipv4')) return 'forbidden';
    if (loopback.check(address, 'ipv4')) return 'loopback';
    return notPublic.check(address, 'ipv4') ? 'private' : 'public';
  };
}

function createClassifyIpv6(classifyIpv4: ClassifyIpv4): (address: string) => AddressKind {
  const forbidden = listRanges(FORBIDDEN_IPV6, 'ipv6');
  const opened = listRanges(PUBLIC_IPV6, 'ipv6');
  const special = listRanges(PRIVATE_IPV6, 'ipv6');

  return function classifyIpv6(address) {
    const groups = ipv6Groups(address);
    const { ipv4, isMapped } = findEmbeddedIpv4(groups);
    // sockets treat a mapped address as its IPv4 address
    if (isMapped && ipv4 !== undefined) return classifyIpv4(ipv4);
    if (forbidden.check(address, 'ipv6')) return 'forbidden';
    if (groups.join() === '0,0,0,0,0,0,0,1') return 'loopback';

    const embedded = ipv4 === undefined ? 'public' : classifyIpv4(ipv4);
    // a translator could connect to its own loopback address
    if (embedded === 'forbidden' || embedded === 'loopback') return 'forbidden';
    const isPublic = opened.check(address, 'ipv6') && !special.check(address, 'ipv6');
    return isPublic ? embedded : 'private';
  };
}

/**
 * Extracts the IPv4 address within an IPv6 address: IPv4-mapped and IPv4-compatible (RFC 4291, section
 * 2.5.5), IPv4-translated (`::ffff:0:a.b.c.d`, RFC 2765, section 2.1), NAT64 (RFC 6052, RFC 8215),
 * 6to4 (RFC 3056).
 */
function findEmbeddedIpv4(groups: readonly number[]): { ipv4?: string; isMapped: boolean } {
  const [first = 0, second = 0, third = 0] = groups;
  const middle = groups.slice(0, 5).join();
  const [sixth = 0, ...last] = groups.slice(5);
  if (middle === '0,0,0,0,0') {
    if (sixth === 0xffff) return { ipv4: toIpv4(last), isMapped: true };
    if (sixth === 0) return { ipv4: toIpv4(last), isMapped: false };
  }
  if (middle === '0,0,0,0,65535' && sixth === 0) return { ipv4: toIpv4(last), isMapped: false };
  if (first === 0x2002) return { ipv4: toIpv4([second, third]), isMapped: false };
  const isNat64 = first === 0x64 && second === 0xff9b;
  return isNat64 ? { ipv4: toIpv4(last), isMapped: false } : { isMapped: false };
}

function toIpv4([high = 0, low = 0]: readonly number[]): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

function listRanges(ranges: readonly Range[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}
