/** An address in a private network that tests can ask without a packet leaving the machine. */
import { networkInterfaces } from 'node:os';
import { createFindAddressProblem } from '../../src/subject-token/keys/issuer-address.ts';

/** One of this machine, where nobody listens on a port that a test has on loopback; else one of nobody. */
export function privateAddress(): string {
  const findProblem = createFindAddressProblem();
  const isOnlyInside = (address: string) =>
    findProblem(address, { isLoopback: false, isPrivate: false }) !== undefined &&
    findProblem(address, { isLoopback: false, isPrivate: true }) === undefined;
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => address),
  );
  return own.find(isOnlyInside) ?? 'fd12::1';
}
