/** Asks an issuer for a document over HTTP, at addresses that were looked at before the connection to them. */
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
  /** The issuer may be at addresses of private networks. */
  readonly privateNetwork: boolean;
}

export interface IssuerAnswer {
  readonly status: number;
  /** The header Content-Encoding. */
  readonly contentEncoding: string | undefined;
  /** Read no faster than it is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection, whatever is left of the body. */
  readonly close: () => void;
}

/** Sends GET to an https URL, or to an http URL of this very machine. Follows no redirect. */
export type FetchIssuer = (url: URL, request: IssuerRequest) => Promise<IssuerAnswer>;

/** The part of `dns.lookup` that is used. */
export type Lookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** With status 1xx. Early hints are one, and nothing here asks for more. */
const MAX_INTERIM_ANSWERS = 10;

/**
 * Makes the fetch for issuers. It throws IssuerProblem for an address that may not be asked, and
 * what node:https throws for anything else. The connection goes to the very addresses that were
 * looked at: between a look and a second look-up, a name could be made to point inside.
 */
export function createFetchIssuer({ lookup }: { readonly lookup: Lookup }): FetchIssuer {
  let findProblem: FindAddressProblem | undefined;

  return async function fetchIssuer(url, { signal, privateNetwork }) {
    findProblem ??= createFindAddressProblem();
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const place = { isLoopback: isLoopbackHost(host), isPrivate: privateNetwork };
    const requireFit = createRequireFit(host, findProblem, place);
    // for a literal no look-up takes place
    if (isIP(host) !== 0) requireFit(host);

    // loaded with the first request, since a start needs neither
    const { request: send } =
      url.protocol === 'https:' ? await import('node:https') : await import('node:http');
    return new Promise((resolve, reject) => {
      const request = send(url, {
        agent: false,
        lookup: createCheckedLookup(lookup, requireFit),
        // not even NODE_TLS_REJECT_UNAUTHORIZED switches it off
        rejectUnauthorized: true,
        signal,
        headers: { accept: 'application/json', 'accept-encoding': 'identity' },
      });
      request.once('response', (message) => {
        // whoever reads the body hears of it; with no reader, it must not end the process
        message.on('error', () => {});
        resolve({
          status: message.statusCode ?? 0,
          contentEncoding: message.headers['content-encoding'],
          body: message,
          close: () => void message.destroy(),
        });
      });
      // bounded by nothing else, and read as fast as they come
      let interimAnswers = 0;
      request.on('information', () => {
        if (++interimAnswers < MAX_INTERIM_ANSWERS) return;
        request.destroy(new IssuerProblem('gave interim answers without end'));
      });
      request.on('error', reject);
      // an answer that changes the protocol ends it without any other event
      request.once('close', () => reject(new IssuerProblem('gave no answer')));
      request.end();
    });
  };
}

/** Throws IssuerProblem for an address that is not fit for the host. */
type RequireFit = (address: string) => void;

function createRequireFit(
  host: string,
  findProblem: FindAddressProblem,
  place: ConfiguredPlace,
): RequireFit {
  return function requireFit(address) {
    const problem = findProblem(address, place);
    if (problem !== undefined) throw new IssuerProblem(`${host} ${problem}`);
  };
}

/**
 * A look-up for `net.connect`. With one unfit address, none is used: which of several is connected
 * to is a race, and whoever adds one to a name wants it to win.
 */
function createCheckedLookup(lookup: Lookup, requireFit: RequireFit): LookupFunction {
  return function lookUpAndCheck(hostname, options, callback) {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      try {
        for (const { address } of addresses) requireFit(address);
      } catch (unfit) {
        return callback(unfit instanceof Error ? unfit : new Error('unfit address'), []);
      }
      const [first] = addresses;
      if (first === undefined) return callback(new IssuerProblem(`${hostname} has no address`), []);
      if (options.all === true) return callback(null, [...addresses]);
      return callback(null, first.address, first.family);
    });
  };
}
