/** Certificates for TLS servers of tests, signed by themselves. */
import { generateKeyPairSync } from 'node:crypto';
import { generate } from 'selfsigned';

/** For that one DNS name and no other; both as PEM. */
export async function createCertificate(
  hostname: string,
): Promise<{ readonly key: string; readonly cert: string }> {
  // not by the library: Node 20 can stop for good while it exports a key that it has made just now
  const keyPair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const { private: key, cert } = await generate([{ name: 'commonName', value: hostname }], {
    keyPair,
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: hostname }] }],
  });
  return { key, cert };
}
