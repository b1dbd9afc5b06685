/** A DNS resolver whose answers a test chooses. */
import { isIP } from 'node:net';
import type { Lookup } from '../../src/subject-token/keys/issuer-fetch.ts';

/**
 * Gives the answers in order, then repeats the last one, whatever the name. Throws if a lookup does
 * not ask for all addresses, since the broker must check every address of a name.
 */
export function createScriptedDns(...answers: readonly (readonly string[])[]) {
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
