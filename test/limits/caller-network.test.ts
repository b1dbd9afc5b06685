import { isIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';
import { callerNetwork } from '../../src/limits/caller-network.ts';
import { fc } from '../support/seeded.ts';

describe('the network of a caller address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:FFFF:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['1::4:5:6:7:8', '1:0:0:4::/64'],
    ['2001:db8::ffff:cb00:7107', '2001:db8:0:0::/64'],
    ['::ffff:0:203.0.113.7', '203.0.113.7'],
    ['::ffff:0:cb00:7107', '203.0.113.7'],
    ['::ffff:0:0:203.0.113.7', '0:0:0:ffff::/64'],
    ['::fffe:0:203.0.113.7', '0:0:0:0::/64'],
  ])('of %s is %s', (address, network) => {
    expect(callerNetwork(address)).toBe(network);
  });

  it('is the same for all addresses of a /64 in any notation, and different outside it', () => {
    const group = fc.nat(0xffff);
    const groups = fc.tuple(group, group, group, group);
    const write = (all: readonly number[], isPadded: boolean) =>
      all.map((one) => one.toString(16).padStart(isPadded ? 4 : 1, '0')).join(':');
    fc.assert(
      fc.property(
        groups,
        groups,
        groups,
        groups,
        fc.boolean(),
        (head, tail, other, end, padded) => {
          // addresses in 0:0:0:0::/64 may be IPv4-mapped
          fc.pre(head.some((one) => one !== 0));
          const network = callerNetwork(write([...head, ...tail], false));
          expect(isIPv6(network.replace('/64', ''))).toBe(true);
          expect(callerNetwork(write([...head, ...end], padded))).toBe(network);
          const isSame = head.join() === other.join();
          expect(callerNetwork(write([...other, ...tail], padded)) === network).toBe(isSame);
        },
      ),
    );
  });
});
