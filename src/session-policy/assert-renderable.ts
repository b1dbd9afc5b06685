/**
 * Checks everything that enters a session policy a last time. Earlier code refuses the same values,
 * so a value that fails here is a defect of the broker and throws a plain Error.
 */
import { isIP } from 'node:net';
import { isPrefix } from '../grants/target.ts';
import { isBucketName } from '../lib/bucket-name.ts';
import type { Target } from '../ports.ts';
import { OBJECT_ACTIONS } from './object-actions.ts';

/** RAM's wildcards, which have no documented escape, the syntax of templates, escapes and JSON, and invisible characters. */
const UNSAFE = /[*?${}\\%"]|\p{C}|\p{Zl}|\p{Zp}/u;

/** Throws if the target could mean more in a policy than the object or prefix that it names. */
export function assertRenderableTarget(target: Target): void {
  const { bucket, key } = target;
  if (!isBucketName(bucket)) throw new Error('session policy: unsafe bucket name');
  if (!key.isWellFormed() || UNSAFE.test(key) || key.normalize('NFC') !== key) {
    throw new Error('session policy: unsafe character in a key');
  }
  const segments = key.split('/');
  if (isPrefix(target)) segments.pop();
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw new Error('session policy: unsafe segment in a key');
  }
}

/** Throws for an action that is not in OBJECT_ACTIONS. */
export function assertObjectAction(action: string): void {
  if (!OBJECT_ACTIONS.includes(action)) {
    throw new Error(`session policy: ${JSON.stringify(action)} is not an object action`);
  }
}

/** Throws if the text is neither an IP address nor a CIDR block. */
export function assertAddressBlock(block: string): void {
  const [address = '', bits, ...rest] = block.split('/');
  // isIP accepts an address with a zone (`fe80::1%eth0`)
  const family = address.includes('%') ? 0 : isIP(address);
  const maxBits = family === 6 ? 128 : 32;
  const hasBits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= maxBits);
  if (family === 0 || !hasBits || rest.length > 0) {
    throw new Error('session policy: a source address is neither an IP address nor a CIDR block');
  }
}
