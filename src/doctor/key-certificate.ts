/** Reads from a key's certificate how old the key is. */
import { KeyObject, X509Certificate } from 'node:crypto';
import { isJsonObject } from '../lib/strict-json.ts';
import type { VerificationKey } from '../subject-token/keys/jwk.ts';

export interface CertificateFact {
  readonly text: string;
  /** Whether the text says since when the certificate is valid. */
  readonly isDated: boolean;
  /** The certificate has ended or has not begun. */
  readonly isOutOfDate: boolean;
}

/** In characters of base64. Certificates have one or two thousand. */
const MAX_CERTIFICATE_LENGTH = 16 * 1024;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** How OpenSSL writes a time. Date.parse would read the year 1 as 2001, so it has four digits. */
const TIME = /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT$/;

/**
 * Reads the first certificate of `x5c`, which must be for the key itself (RFC 7517, section 4.7). It
 * is not verified: whoever could change it could change the key. Returns undefined if the JWK has no
 * `x5c`. Never throws.
 */
export function describeCertificate(
  jwk: unknown,
  key: VerificationKey,
  nowMs: number,
): CertificateFact | undefined {
  if (!isJsonObject(jwk) || jwk['x5c'] === undefined) return undefined;
  const certificate = readCertificate(jwk['x5c']);
  if (certificate === undefined) return undated('certificate unreadable');
  if (!isFor(certificate, key)) return undated('certificate of another key');
  const startMs = readTime(certificate.validFrom);
  const endMs = readTime(certificate.validTo);
  if (startMs === undefined || endMs === undefined) return undated('certificate without a date');
  const since = `certificate since ${toDay(startMs)}`;
  if (startMs > nowMs) return { text: `${since}, in the future`, isDated: true, isOutOfDate: true };
  if (endMs >= nowMs) return { text: since, isDated: true, isOutOfDate: false };
  return { text: `${since}, ended ${toDay(endMs)}`, isDated: true, isOutOfDate: true };
}

const undated = (text: string): CertificateFact => ({ text, isDated: false, isOutOfDate: false });

function readCertificate(chain: unknown): X509Certificate | undefined {
  const first: unknown = Array.isArray(chain) ? chain[0] : undefined;
  if (typeof first !== 'string' || first.length > MAX_CERTIFICATE_LENGTH) return undefined;
  if (!BASE64.test(first)) return undefined;
  try {
    return new X509Certificate(Buffer.from(first, 'base64'));
  } catch {
    return undefined;
  }
}

/** All algorithms of a key have the same key. */
function isFor(certificate: X509Certificate, key: VerificationKey): boolean {
  const [imported] = key.values();
  try {
    return imported !== undefined && KeyObject.from(imported).equals(certificate.publicKey);
  } catch {
    // of a kind that this Node does not know
    return false;
  }
}

/** In milliseconds since the epoch. */
function readTime(text: string): number | undefined {
  const ms = TIME.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function toDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
