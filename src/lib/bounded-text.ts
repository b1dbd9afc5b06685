/** Makes text for the audit log from a value that anybody may have sent: short, and without secrets. */

/** What a text must not show. `kid`s look like secrets and are public, so they are masked for tokens only. */
type Mask = 'tokens' | 'tokens and secrets';

/**
 * A JWT, or the rest of one: base64url of a JSON object (RFC 7515 section 3.1), and everything that
 * dots join to it. `eyJ` is `{"` and a letter. The others are `{` and white space, which words can
 * contain too. The shortest header, `{"alg":"RS256"}`, has 20 characters.
 */
const TOKEN =
  /(?:eyJ|(?<![A-Za-z0-9])e(?:y[A-DI-L]|w[k-r0-3]))[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]*)*/g;
/**
 * An AccessKeySecret has 30 characters or more. Hex, UUIDs and base32 are of one case. The look behind,
 * here and below, keeps the search linear: without it, every character of a run is tried as its start.
 */
const ALPHANUMERIC = /(?<![A-Za-z0-9])[A-Za-z0-9]{30,}/g;
/** A signature or an STS SecurityToken. */
const BASE64 = /(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/=_-]{60,}/g;
/** Parts of paths are shorter on average, so that a long target is not taken for base64. */
const MIN_PART_LENGTH = 20;

/**
 * The text, or the JSON of another value, cut to `maxLength` characters. What looks like a subject
 * token becomes `[token]`, and what looks like the secret of an AccessKey or a SecurityToken becomes
 * `[secret]`. Masks before it cuts, so that no part of a secret is left at the end.
 */
export function boundedText(value: unknown, maxLength: number, mask: Mask): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  const withoutTokens = text.replace(TOKEN, '[token]');
  const shown = mask === 'tokens' ? withoutTokens : maskSecrets(withoutTokens);
  return shown.slice(0, maxLength);
}

function maskSecrets(text: string): string {
  return text
    .replace(BASE64, (run) => (isMixed(run) && !isPath(run) ? '[secret]' : run))
    .replace(ALPHANUMERIC, (run) => (isMixed(run) ? '[secret]' : run));
}

function isMixed(run: string): boolean {
  return /[A-Z]/.test(run) && /[a-z]/.test(run) && /[0-9]/.test(run);
}

function isPath(run: string): boolean {
  return run.length / run.split('/').length < MIN_PART_LENGTH;
}
