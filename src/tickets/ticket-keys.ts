/** Reads the keys that encrypt tickets from the environment. */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { CredentialUrlSettings } from '../config/credential-url-settings.ts';

/** One key. A KeyObject shows its bytes neither in JSON nor in an inspected error. */
export interface TicketKey {
  readonly id: string;
  readonly key: KeyObject;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MIN_KEY_BYTES = 32;
/** 32 random bytes have fewer different values once in 10^12 times only. Text and placeholders do. */
const MIN_DIFFERENT_BYTES = 18;

/** Says why the keys cannot be used, for the operator; undefined if they can be. Shows no key. */
export function findTicketKeyProblem(
  settings: CredentialUrlSettings | undefined,
  environment: Environment,
): string | undefined {
  const problems = (settings?.keys ?? []).map(({ keyFrom }) => {
    const problem = problemOf(environment[keyFrom] ?? '');
    return problem === undefined
      ? undefined
      : `the environment variable ${keyFrom} ${problem}; make a key with: openssl rand -base64 32`;
  });
  return problems.find((problem) => problem !== undefined);
}

/**
 * Returns the keys in the order of the config. Each is derived (HKDF, RFC 5869) for this use and this
 * broker, so that no ticket of another broker opens, even with the same environment. Throws what
 * findTicketKeyProblem finds.
 */
export function readTicketKeys(
  settings: CredentialUrlSettings | undefined,
  publicUrl: string | undefined,
  environment: Environment,
): readonly TicketKey[] {
  const problem = findTicketKeyProblem(settings, environment);
  if (problem !== undefined) throw new Error(problem);
  return (settings?.keys ?? []).map(({ id, keyFrom }) => {
    const secret = decode(environment[keyFrom] ?? '') ?? Buffer.alloc(0);
    const info = `oss-token-broker credential URL ${publicUrl ?? ''}`;
    return { id, key: createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', info, 32))) };
  });
}

function problemOf(text: string): string | undefined {
  if (text === '') return 'is not set';
  const bytes = decode(text);
  if (bytes === undefined) return 'is not base64';
  if (bytes.length < MIN_KEY_BYTES) return `has less than ${MIN_KEY_BYTES * 8} bits`;
  return new Set(bytes).size < MIN_DIFFERENT_BYTES ? 'is not random' : undefined;
}

/** Base64 (RFC 4648 section 4) with its padding, in the one spelling that its bytes have. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
