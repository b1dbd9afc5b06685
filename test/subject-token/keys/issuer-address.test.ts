import { describe, expect, it } from 'vitest';
import {
  createFindAddressProblem,
  isLoopbackHost,
} from '../../../src/subject-token/keys/issuer-address.ts';
import { fc } from '../../support/seeded.ts';

const findProblem = createFindAddressProblem();
const outside = { isLoopback: false, isPrivate: false };
const inside = { isLoopback: false, isPrivate: true };
const here = { isLoopback: true, isPrivate: false };

const PUBLIC = [
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2400:3200::1',
  '2606:4700:4700::1111',
  '2001:200::1',
  '::ffff:8.8.8.8',
  '::FFFF:0808:0808',
  '64:ff9b::8.8.8.8',
  '2002:808:808::1',
  // ends like a NAT64 address, and is none
  '2a00:ff9b::10.0.0.1',
] as const;

const PRIVATE = [
  '10.0.0.0',
  '10.255.255.255',
  '100.64.0.0',
  '100.100.100.199',
  '100.100.100.201',
  '100.127.255.255',
  '172.16.0.0',
  '172.31.255.255',
  '192.168.0.0',
  '192.168.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.0',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '240.0.0.0',
  '255.255.255.254',
  'fc00::1',
  'fd12:3456::1',
  'fec0::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  '::ffff:10.0.0.1',
  '::ffff:a00:1',
  '0:0:0:0:0:ffff:192.168.1.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::10.0.0.1',
  '64:ff9b:1::8.8.8.8',
  '2002:a00:1::1',
  '::8.8.8.8',
  '::ffff:0:8.8.8.8',
  '::ffff:0:10.0.0.1',
  '::ffff:0:0:10.0.0.1',
] as const;

const LOOPBACK = [
  '127.0.0.1',
  '127.0.0.0',
  '127.255.255.255',
  '::1',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
] as const;

const FORBIDDEN = [
  '0.0.0.0',
  '0.1.2.3',
  '100.100.100.200',
  '168.63.129.16',
  '169.254.0.0',
  '169.254.169.254',
  '169.254.255.255',
  '192.0.0.192',
  '224.0.0.1',
  '239.255.255.255',
  '255.255.255.255',
  '::',
  'fe80::1',
  'febf::1',
  'fe80::1%eth0',
  'fd00:ec2::254',
  'fd20:ce::254',
  'ff02::1',
  '::ffff:100.100.100.200',
  '::ffff:6464:64c8',
  '::ffff:169.254.169.254',
  '::ffff:0.0.0.0',
  '64:ff9b::100.100.100.200',
  '64:ff9b:1::169.254.169.254',
  '64:ff9b:1:2:3:4:6464:64c8',
  '64:ff9b::127.0.0.1',
  '2002:6464:64c8::',
  '2002:a9fe:a9fe::1',
  '2002:7f00:1::',
  '::100.100.100.200',
  '::127.0.0.1',
  '::ffff:0:100.100.100.200',
  '::ffff:0:a9fe:a9fe',
  '0:0:0:0:FFFF:0:127.0.0.1',
  '::ffff:0:0.0.0.0',
  '::2',
  // not addresses
  '',
  'localhost',
  '0x7f.1',
  '127.1',
  '010.0.0.1',
  '2130706433',
  '1.2.3.4%eth0',
] as const;

describe('an address', () => {
  it.each(PUBLIC)('%s is allowed for any issuer that is not loopback', (address) => {
    expect(findProblem(address, outside)).toBeUndefined();
    expect(findProblem(address, inside)).toBeUndefined();
    expect(findProblem(address, here)).toBe('has an address that is not loopback');
  });

  it.each(PRIVATE)('%s is allowed only for an issuer in a private network', (address) => {
    expect(findProblem(address, outside)).toMatch(/^has an address in a private network; set priv/);
    expect(findProblem(address, inside)).toBeUndefined();
    expect(findProblem(address, here)).toBe('has an address that is not loopback');
  });

  it.each(LOOPBACK)('%s is allowed only for a loopback host', (address) => {
    expect(findProblem(address, outside)).toMatch(/^has a loopback address/);
    expect(findProblem(address, inside)).toMatch(/^has a loopback address/);
    expect(findProblem(address, here)).toBeUndefined();
  });

  it.each(FORBIDDEN)('"%s" is never allowed', (address) => {
    for (const place of [outside, inside, here, { isLoopback: true, isPrivate: true }]) {
      expect(findProblem(address, place)).toMatch(/the broker never connects to one$/);
    }
  });

  it('of IPv4 gains nothing when it is embedded in IPv6', () => {
    const ipv4 = fc.ipV4();
    const groups = (address: string) => {
      const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
      return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
    };
    fc.assert(
      fc.property(ipv4, fc.boolean(), (address, isPrivate) => {
        const place = { isLoopback: false, isPrivate };
        const problem = findProblem(address, place);
        expect(findProblem(`::ffff:${groups(address)}`, place)).toBe(problem);
        if (problem === undefined) return;
        for (const carrier of ['64:ff9b::#', '64:ff9b:1:1::#', '2002:#::1', '::#', '::ffff:0:#']) {
          expect(findProblem(carrier.replace('#', groups(address)), place)).toBeDefined();
        }
      }),
    );
  });
});

describe('a loopback host', () => {
  it.each(['localhost', '127.0.0.1', '127.9.9.9', '127.100.200.1', '::1'])('is %s', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each([
    'localhost.',
    'localhost.example.com',
    'a.localhost',
    '127.0.0.1.example.com',
    'a127.0.0.1',
    '128.0.0.1',
    '::ffff:7f00:1',
    '::',
    '',
  ])('is not %j', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
