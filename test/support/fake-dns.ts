/** A resolver that answers as a test wants it to. */
import { isIP } from 'node:net';
import type { Lookup } from '../../src/subject-token/keys/issuer-fetch.ts';

/**
 * Gives one answer after the other, and the last one again and again, for whatever name. Whoever does
 * not ask for all addresses of a name has not looked at those that it does not see.
 */
export function createFakeDns(...answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const lookup: Lookup = (hostname, options, callback) => {
    if (options.all !== true) throw new Error('not all addresses were asked for');
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    const addresses = answer.map((address) => ({ address, family: isIP(address) }));
    asked.push(hostname);
    setImmediate(() => callback(null, addresses));
  };
  return { lookup, asked };
}
