/** Compares the clock of this machine with that of STS. */
import type { TrustedIssuer } from '../config/config.ts';
import { systemErrorCode } from '../lib/system-error-code.ts';
import { type Finding, failed, ok } from './finding.ts';

const CHECK = 'clock';
const TIMEOUT_MS = 10_000;
/** https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature */
const MAX_SKEW_SECONDS = 15 * 60;

/** Every answer of STS has a `Date`, an unsigned request's too. */
export async function checkClock(options: {
  readonly stsUrl: string;
  readonly issuers: readonly TrustedIssuer[];
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): Promise<Finding> {
  const { stsUrl, issuers, fetch, now } = options;
  const sentAtMs = now();
  let date: string | null;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(stsUrl, { redirect: 'manual', signal });
    await response.body?.cancel();
    date = response.headers.get('date');
  } catch (error) {
    const code = systemErrorCode(error);
    return failed(CHECK, {
      saw: `STS cannot be reached${code === undefined ? '' : ` (${code})`}`,
      cause: 'no route to the endpoint of STS, or no such name',
      fix: 'check region and sts in the config, and the network; sts.network: vpc is reachable inside a VPC only',
    });
  }
  const theirsMs = Date.parse(date ?? '');
  if (Number.isNaN(theirsMs)) {
    return failed(CHECK, {
      saw: 'an answer without a date',
      cause: 'a proxy answered in the place of STS',
      fix: 'let the broker reach STS without a proxy',
    });
  }
  // in the middle of the exchange; the header has whole seconds
  const offSeconds = Math.trunc(((sentAtMs + now()) / 2 - theirsMs) / 1000);
  const tolerated = Math.min(...issuers.map((issuer) => issuer.clockToleranceSeconds), 60);
  const saw = `${Math.abs(offSeconds)} s ${offSeconds < 0 ? 'behind' : 'ahead of'} STS`;
  if (Math.abs(offSeconds) <= Math.max(1, tolerated)) return ok(CHECK, saw);
  const cause =
    Math.abs(offSeconds) > MAX_SKEW_SECONDS
      ? 'STS and OSS refuse signatures that are more than 15 minutes off'
      : `fresh subject tokens look too new or too old: an issuer tolerates ${tolerated} s`;
  return failed(CHECK, { saw, cause, fix: 'synchronise the clock of this machine by NTP' });
}
