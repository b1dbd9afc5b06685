/** Fetches a document of an issuer over HTTP, and checks every address before connecting to it. */
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import {
  type ConfiguredPlace,
  createFindAddressProblem,
  type FindAddressProblem,
  isLoopbackHost,
} from './issuer-address.ts';
import { IssuerProblem } from './issuer-problem.ts';

export interface IssuerRequest {
  /** Ends the wait for the answer and for its body. */
  readonly signal: AbortSignal;
  /** Whether the issuer may have addresses in private networks. */
  readonly privateNetwork: boolean;
}

export interface IssuerAnswer {
  readonly status: number;
  /** The Content-Encoding header. */
  readonly contentEncoding: string | undefined;
  /** The Last-Modified header. The broker does not use it; operators want to see it. */
  readonly lastModified?: string | undefined;
  /** Read only as fast as it is consumed. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection, even if part of the body is unread. */
  readonly close: () => void;
}

/** Sends GET to an https URL or a loopback http URL. Follows no redirect. */
export type FetchIssuer = (url: URL, request: IssuerRequest) => Promise<IssuerAnswer>;

/** The part of `dns.lookup` that the fetch uses. */
export type Lookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** Answers with status 1xx, such as early hints. An honest issuer sends at most a few. */
const MAX_INTERIM_ANSWERS = 10;

/**
 * Makes the fetch for issuers. It throws IssuerProblem for a forbidden address, and otherwise what
 * node:https throws. It connects to exactly the addresses that it checked: if it resolved the name
 * again, an attacker could point the name into the private network in between (DNS rebinding).
 */
export function createFetchIssuer({ lookup }: { readonly lookup: Lookup }): FetchIssuer {
  let findProblem: FindAddressProblem | undefined;

  return async function fetchIssuer(url, { signal, privateNetwork }) {
    findProblem ??= createFindAddressProblem();
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const place = { isLoopback: isLoopbackHost(host), isPrivate: privateNetwork };
    const requireAllowed = createRequireAllowed(host, findProblem, place);
    // an IP literal is not looked up
    if (isIP(host) !== 0) requireAllowed(host);

    // loaded with the first request, because the start needs neither
    const { request: send } =
      url.protocol === 'https:' ? await import('node:https') : await import('node:http');
    return new Promise((resolve, reject) => {
      const request = send(url, {
        agent: false,
        lookup: createCheckedLookup(lookup, requireAllowed),
        // overrides NODE_TLS_REJECT_UNAUTHORIZED
        rejectUnauthorized: true,
        signal,
        headers: { accept: 'application/json', 'accept-encoding': 'identity' },
      });
      request.once('response', (message) => {
        // a reader of the body gets the error; without a reader it must not end the process
        message.on('error', () => {});
        resolve({
          status: message.statusCode ?? 0,
          contentEncoding: message.headers['content-encoding'],
          lastModified: message.headers['last-modified'],
          body: message,
          close: () => void message.destroy(),
        });
      });
      // nothing else limits them
      let interimAnswers = 0;
      request.on('information', () => {
        if (++interimAnswers < MAX_INTERIM_ANSWERS) return;
        request.destroy(new IssuerProblem('sent too many interim answers'));
      });
      request.on('error', reject);
      // an answer that switches the protocol emits no other event
      request.once('close', () => reject(new IssuerProblem('sent no answer')));
      request.end();
    });
  };
}

/** Throws IssuerProblem for an address that the host must not have. */
type RequireAllowed = (address: string) => void;

function createRequireAllowed(
  host: string,
  findProblem: FindAddressProblem,
  place: ConfiguredPlace,
): RequireAllowed {
  return function requireAllowed(address) {
    const problem = findProblem(address, place);
    if (problem !== undefined) throw new IssuerProblem(`${host} ${problem}`);
  };
}

/**
 * A lookup for `net.connect`. One forbidden address refuses them all: the connection races all
 * addresses, and an attacker who adds one to a name wants it to win.
 */
function createCheckedLookup(lookup: Lookup, requireAllowed: RequireAllowed): LookupFunction {
  return function lookUpAndCheck(hostname, options, callback) {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      try {
        for (const { address } of addresses) requireAllowed(address);
      } catch (error) {
        return callback(error instanceof Error ? error : new Error('forbidden address'), []);
      }
      const [first] = addresses;
      if (first === undefined) return callback(new IssuerProblem(`${hostname} has no address`), []);
      if (options.all === true) return callback(null, [...addresses]);
      return callback(null, first.address, first.family);
    });
  };
}
