/** Finds an address in a private network for tests, if possible one of this machine. */
import { networkInterfaces } from 'node:os';
import { createFindAddressProblem } from '../../src/subject-token/keys/issuer-address.ts';

/** A private address of this machine, where a test's loopback port has no listener; else an unassigned one. */
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
