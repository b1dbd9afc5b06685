/** Targets: `oss://bucket/prefix/` (ends in `/`), `oss://bucket/key` (one object) or `oss://bucket/` (the whole bucket). */
import { isBucketName } from '../lib/bucket-name.ts';
import type { Target } from '../ports.ts';
import { refuse } from '../refusal.ts';

/** OSS: a key is 1 to 1,023 bytes of UTF-8. */
const MAX_KEY_BYTES = 1023;

/**
 * Characters that must never reach a policy: RAM's wildcards, for which no escape is documented,
 * the signs of template and escape syntaxes, and everything that is not visible text.
 */
const UNSAFE_CHARACTER = /[*?${}\\%"]|\p{C}|\p{Zl}|\p{Zp}/u;

/** Nearly every key: nothing in it is unsafe or has another normal form, so it need not be looked at closely. */
const PLAIN_TEXT = /^[A-Za-z0-9._@/-]*$/;

/**
 * Says what keeps a key from being used in a policy, or nothing if it may be.
 * The empty key (the whole bucket) is acceptable.
 */
export function keyProblem(key: string): string | undefined {
  if (key === '') return undefined;
  if (!PLAIN_TEXT.test(key)) {
    if (!key.isWellFormed()) return 'contains a lone surrogate';
    const [unsafe] = UNSAFE_CHARACTER.exec(key) ?? [];
    if (unsafe !== undefined) return `contains ${describeCharacter(unsafe)}, which is not allowed`;
    if (key.normalize('NFC') !== key) return 'is not in Unicode normal form C';
  }
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`;
  const segments = (key.endsWith('/') ? key.slice(0, -1) : key).split('/');
  if (segments.includes('')) return 'has an empty segment';
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    return 'has "." or ".." as a segment';
  }
  return undefined;
}

/** The character itself, or its code point if it is not visible. */
function describeCharacter(character: string): string {
  if (/[!-~]/.test(character)) return `"${character}"`;
  const code = character.codePointAt(0)?.toString(16).toUpperCase() ?? '';
  return `the character U+${code.padStart(4, '0')}`;
}

/** Parses what a caller asks for. Throws the refusal `target_malformed`. */
export function parseTarget(text: string): Target {
  if (!text.startsWith('oss://')) throw malformed('does not begin with oss://');
  const slash = text.indexOf('/', 'oss://'.length);
  if (slash === -1) throw malformed('has no "/" after the bucket');
  const bucket = text.slice('oss://'.length, slash);
  if (!isBucketName(bucket)) throw malformed('names no possible bucket');
  const key = text.slice(slash + 1);
  const problem = keyProblem(key);
  if (problem !== undefined) throw malformed(problem);
  return { bucket, key };
}

/** The inverse of `parseTarget`. */
export function formatTarget(target: Target): string {
  return `oss://${target.bucket}/${target.key}`;
}

/** Whether the target is a prefix or a whole bucket, so that it can be listed. */
export function isPrefix(target: Target): boolean {
  return target.key === '' || target.key.endsWith('/');
}

/** Whether everything in `inner` is also in `outer`. A prefix ends in `/`, so `users/1/` never holds `users/10/`. */
export function containsTarget(outer: Target, inner: Target): boolean {
  if (outer.bucket !== inner.bucket) return false;
  return isPrefix(outer) ? inner.key.startsWith(outer.key) : inner.key === outer.key;
}

function malformed(problem: string): Error {
  return refuse({ reason: 'target_malformed', problem });
}
