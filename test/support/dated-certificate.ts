/** Certificates with any dates, for a JWK's `x5c`: written by hand, because no library writes broken dates. */
import { sign } from 'node:crypto';
import type { SigningKey } from './keys.ts';

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const GENERALIZED_TIME = 0x18;
/** RFC 5758 and RFC 4055: ecdsa-with-SHA256 and sha256WithRSAEncryption. */
const ECDSA = Buffer.from('300a06082a8648ce3d040302', 'hex');
const RSA = Buffer.from('300d06092a864886f70d01010b0500', 'hex');

/**
 * An X.509 certificate of the key, signed with it, as a member of `x5c` (RFC 7517, section 4.7). The
 * dates are written as they are given: `20260301000000Z`.
 */
export function certificateOf(key: SigningKey, notBefore: string, notAfter: string): string {
  const algorithm = key.algorithm.startsWith('ES') ? ECDSA : RSA;
  const name = der(SEQUENCE);
  const time = (text: string) => der(GENERALIZED_TIME, Buffer.from(text, 'latin1'));
  const body = der(
    SEQUENCE,
    der(INTEGER, Buffer.from([1])),
    algorithm,
    name,
    der(SEQUENCE, time(notBefore), time(notAfter)),
    name,
    key.publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, key.privateKey);
  const unusedBits = Buffer.from([0]);
  return der(SEQUENCE, body, algorithm, der(BIT_STRING, unusedBits, signature)).toString('base64');
}

/** One element of DER: its tag, its length and its content (X.690, section 8.1). */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
