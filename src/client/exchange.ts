/** Exchanges a subject token for a credential: one request to the native API, or two for a renewed token. */
import { BrokerError } from './broker-error.ts';
import type { Credential } from './credential.ts';
import { readAnswer } from './read-answer.ts';

export interface ExchangeOptions {
  /** The broker's address, such as `https://broker.example.com`. Plain HTTP only on loopback. */
  readonly url: string;
  /**
   * Gives a subject token. `renew` says that the broker has just refused one as expired or used.
   * `signal` is aborted when nobody waits any more.
   */
  readonly getSubjectToken: (options: {
    readonly renew: boolean;
    readonly signal: AbortSignal;
  }) => string | Promise<string>;
  readonly grant?: string | undefined;
  /** `oss://bucket/prefix/` or `oss://bucket/key` within the grant. */
  readonly target?: string | undefined;
  readonly permissions?: readonly ('read' | 'write' | 'list' | 'delete')[] | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** The local clock, in milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

/** How long one request may take. */
export const TIMEOUT_MS = 10_000;
/** RFC 6750 section 2.1. Anything else could appear in an error of `fetch`. */
const BEARER = /^[\w.~+/=-]+$/;
/** Plain HTTP stays on the machine. */
const CONFIDENTIAL = /^https:|^http:\/\/(localhost|127\.[\d.]+|\[::1])[:/]/;
/** What a new subject token can cure, with `subject_token_life_too_short`. */
const RENEWABLE = /^subject_token_(?!invalid)/;

/**
 * Makes the exchange. It throws what `getSubjectToken` throws, and BrokerError.
 *
 * @throws TypeError for an address that would send the subject token in plain text.
 */
export function createExchange(
  options: ExchangeOptions,
): (signal: AbortSignal, renew?: boolean) => Promise<Credential> {
  const { grant, target, permissions, getSubjectToken } = options;
  const { fetch: send = fetch, now = Date.now } = options;
  const { href } = new URL(`${options.url.replace(/\/+$/, '')}/v1/credentials`);
  if (!CONFIDENTIAL.test(href)) throw new TypeError('url is not https');
  // undefined members are left out
  const body = JSON.stringify({
    Grant: grant,
    Target: target,
    Permissions: permissions,
  });

  return async function exchange(signal, renew = false) {
    try {
      return await request(await getSubjectToken({ renew, signal }), signal);
    } catch (error) {
      if (renew || !(error instanceof BrokerError && RENEWABLE.test(error.code))) throw error;
      return exchange(signal, true);
    }
  };

  async function request(token: string, signal: AbortSignal): Promise<Credential> {
    if (!BEARER.test(token)) throw new TypeError('no subject token');
    const sentMs = now();
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await send(href, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body,
        // the subject token goes to this address only
        redirect: 'error',
        signal: AbortSignal.any([signal, timeout]),
      });
      return readAnswer(response, await response.text(), sentMs);
    } catch (cause) {
      if (cause instanceof BrokerError) throw cause;
      const code = timeout.aborted ? 'timeout' : 'network_error';
      throw new BrokerError({ code }, code, { cause });
    }
  }
}
