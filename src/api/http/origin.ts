/** Where a request came from: its id, and the caller's address as far as it can be trusted. */
import { isIP } from 'node:net';
import type { CallerAddressSettings } from '../../config/config.ts';
import type { Origin, ReadHeader } from '../../ports.ts';

/** The parts of a request that its origin is read from. */
export interface OriginSource {
  readonly header: ReadHeader;
  /** The address of the connection. */
  readonly remoteAddress: string | undefined;
}

export type ReadOrigin = (source: OriginSource) => Origin;

/** Function Compute's request ids, e.g. `1-64f6cd87-0f3a2b7e-5c1d`. */
const PLATFORM_REQUEST_ID = /^[A-Za-z0-9-]{8,64}$/;

/**
 * Makes the reader of origins. Headers are believed only where the config or the platform says
 * who writes them: anybody can send an `X-Forwarded-For` or an `x-fc-request-id`.
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
    const claimed =
      settings === undefined ? remoteAddress : readForwarded(header(settings.header), settings);
    const callerAddress = toAddress(claimed);
    return { requestId, ...(callerAddress === undefined ? {} : { callerAddress }) };
  };
}

/**
 * Each trusted proxy appends the address that it saw, so the caller's own is the one that the
 * outermost trusted proxy wrote: counted from the right. Whatever stands left of it is hearsay.
 */
function readForwarded(value: string | undefined, { trustedHops }: CallerAddressSettings) {
  const addresses = value?.split(',').map((address) => address.trim()) ?? [];
  return addresses.at(-trustedHops);
}

/** An IP address without the IPv6 dress of an IPv4 one, or undefined. One with a zone means nothing elsewhere. */
function toAddress(text: string | undefined): string | undefined {
  const address = text?.replace(/^::ffff:(?=\d+\.)/i, '');
  const isUsable = address !== undefined && isIP(address) !== 0 && !address.includes('%');
  return isUsable ? address : undefined;
}
