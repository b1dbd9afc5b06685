/** How old the keys of an issuer are, as far as the issuer says. A JWK has no date of its own. */
import type { KeySet } from '../subject-token/keys/key-set.ts';
import { describeCertificate } from './key-certificate.ts';

export interface KeyAges {
  /** For each key of the set, in its order: what its certificate says. Absent: it has none. */
  readonly ofKeys: readonly (string | undefined)[];
  /** What applies to all keys of the set. */
  readonly ofSet: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Clocks differ: an answer that was made just now is not from the future. */
const CLOCK_DIFFERENCE_MS = 5 * 60 * 1000;

/** Nothing of the issuer is quoted, only dates and numbers that were read from it. Never throws. */
export function describeAges(options: {
  readonly keySet: KeySet;
  /** What the key set was read from. */
  readonly jwks: readonly unknown[];
  /** The header of the answer. */
  readonly lastModified: string | undefined;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}): KeyAges {
  const { keySet, jwks, lastModified, nowMs } = options;
  const { keys, dropped } = keySet;
  const leftOut = new Set(dropped.map(({ index }) => index));
  const used = jwks.filter((_jwk, index) => !leftOut.has(index));
  const certificates = keys.map((key, index) => describeCertificate(used[index], key, nowMs));
  const changed = describeChange(lastModified, nowMs);
  const undated = certificates.filter((one) => one?.isDated !== true).length;
  const sentences = [
    ...(changed === undefined ? [] : [changed]),
    ...(changed !== undefined || undated === 0 ? [] : [describeSilence(undated, keys.length)]),
    ...(certificates.some((one) => one?.isOutOfDate === true)
      ? ['the broker does not look at certificates']
      : []),
  ];
  return { ofKeys: certificates.map((one) => one?.text), ofSet: sentences.join('; ') };
}

/**
 * From Last-Modified (RFC 9110, section 8.8.2) in the one form that senders may use (section 5.6.7).
 * Absent: it cannot be read.
 */
function describeChange(lastModified: string | undefined, nowMs: number): string | undefined {
  const ms = Date.parse(lastModified ?? '');
  // Date.parse reads much that is no date of HTTP
  if (Number.isNaN(ms) || new Date(ms).toUTCString() !== lastModified) return undefined;
  if (ms > nowMs + CLOCK_DIFFERENCE_MS) return 'Last-Modified is in the future';
  const days = Math.floor((nowMs - ms) / DAY_MS);
  const ago = days < 1 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`;
  return `last changed ${ago} ago (Last-Modified)`;
}

function describeSilence(undated: number, total: number): string {
  const which = undated < total ? 'the others are' : total === 1 ? 'it is' : 'they are';
  return `the issuer does not say how old ${which}`;
}
