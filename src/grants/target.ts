/** Parses, formats and compares targets: `oss://bucket/prefix/`, `oss://bucket/key` (one object) or `oss://bucket/` (the whole bucket). */
import { isBucketName } from '../lib/bucket-name.ts';
import type { Target } from '../ports.ts';
import { refuse } from '../refusal.ts';

/** OSS: a key is 1 to 1,023 bytes of UTF-8. */
const MAX_KEY_BYTES = 1023;

/**
 * Characters that must never enter a policy: RAM's wildcards, which have no documented escape,
 * the characters of template and escape syntaxes, and invisible characters.
 */
const UNSAFE_CHARACTER = /[*?${}\\%"]|\p{C}|\p{Zl}|\p{Zp}/u;

/** Matches nearly every key. No such text is unsafe or has another normal form, which saves the other checks. */
const PLAIN_TEXT = /^[A-Za-z0-9._@/-]*$/;

/** A segment that URL parsers resolve. */
const DOTS = /(?:^|\/)\.\.?(?:\/|$)/;

/**
 * Says why a key must not enter a policy. Undefined if it may.
 * The empty key (the whole bucket) is allowed.
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
  if (key.startsWith('/') || key.includes('//')) return 'has an empty segment';
  return DOTS.test(key) ? 'has "." or ".." as a segment' : undefined;
}

/** The character itself, or its code point if it is not visible. */
function describeCharacter(character: string): string {
  if (/[!-~]/.test(character)) return `"${character}"`;
  const code = character.codePointAt(0)?.toString(16).toUpperCase() ?? '';
  return `the character U+${code.padStart(4, '0')}`;
}

/** Parses the target that a caller asks for. Throws the refusal `target_malformed`. */
export function parseTarget(text: string): Target {
  if (!text.startsWith('oss://')) throw malformed('does not begin with oss://');
  const slash = text.indexOf('/', 'oss://'.length);
  if (slash === -1) throw malformed('has no "/" after the bucket');
  const bucket = text.slice('oss://'.length, slash);
  if (!isBucketName(bucket)) throw malformed('does not name a valid bucket');
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

/** Whether `outer` contains all of `inner`. A prefix ends with `/`, so `users/1/` never contains `users/10/`. */
export function containsTarget(outer: Target, inner: Target): boolean {
  if (outer.bucket !== inner.bucket) return false;
  return isPrefix(outer) ? inner.key.startsWith(outer.key) : inner.key === outer.key;
}

function malformed(problem: string): Error {
  return refuse({ reason: 'target_malformed', problem });
}
