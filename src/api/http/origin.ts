/** Reads where a request came from: its ID, and the caller's address from a trusted source. */
import { isIP } from 'node:net';
import type { CallerAddressSettings } from '../../config/config.ts';
import type { Origin, ReadHeader } from '../../ports.ts';

/** The parts of a request that determine its origin. */
export interface OriginSource {
  readonly header: ReadHeader;
  /** The address of the connection. */
  readonly remoteAddress: string | undefined;
}

export type ReadOrigin = (source: OriginSource) => Origin;

/** The request IDs of Function Compute, e.g. `1-64f6cd87-0f3a2b7e-5c1d`. */
const PLATFORM_REQUEST_ID = /^[A-Za-z0-9-]{8,64}$/;

/**
 * Makes the reader of origins. A header is trusted only if the config or the platform guarantees who
 * writes it: anybody can send an `X-Forwarded-For` or an `x-fc-request-id`.
 */
export function createReadOrigin(options: {
  readonly isOnFunctionCompute: boolean;
  readonly callerAddress: CallerAddressSettings | undefined;
  readonly randomUuid: () => string;
}): ReadOrigin {
  const { isOnFunctionCompute, callerAddress: settings, randomUuid } = options;
  return function readOrigin({ header, remoteAddress }) {
    const platformId = isOnFunctionCompute ? header('x-fc-request-id') : undefined;
    const requestId =
      platformId !== undefined && PLATFORM_REQUEST_ID.test(platformId)
        ? platformId
        : randomUuid().toUpperCase();
    const addressText =
      settings === undefined ? remoteAddress : readForwarded(header(settings.header), settings);
    const callerAddress = toAddress(addressText);
    return { requestId, ...(callerAddress === undefined ? {} : { callerAddress }) };
  };
}

/**
 * Each trusted proxy appends the address that it saw. The outermost one wrote the caller's address,
 * `trustedHops` from the right. The caller controls everything left of it, so that is not even read.
 */
function readForwarded(value: string | undefined, { trustedHops }: CallerAddressSettings) {
  let rest = value;
  for (let hop = 1; hop < trustedHops && rest !== undefined; hop++) {
    const comma = rest.lastIndexOf(',');
    rest = comma === -1 ? undefined : rest.slice(0, comma);
  }
  return rest?.slice(rest.lastIndexOf(',') + 1).trim();
}

/** Unmaps an IPv4-mapped IPv6 address. Undefined for other texts, and for a zone, which is only local. */
function toAddress(text: string | undefined): string | undefined {
  const address = text?.replace(/^::ffff:(?=\d+\.)/i, '');
  const isUsable = address !== undefined && isIP(address) !== 0 && !address.includes('%');
  return isUsable ? address : undefined;
}
