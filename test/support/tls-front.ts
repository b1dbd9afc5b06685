/** Puts TLS in front of a broker, as a gateway does, since some clients know no other protocol. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificate } from './certificate.ts';

export interface TlsFront {
  /** `localhost:<port>` */
  readonly host: string;
  /** A file with the certificate, for `NODE_EXTRA_CA_CERTS`. */
  readonly caFile: string;
  close(): Promise<void>;
}

/** Forwards every request to `url` unchanged. */
export async function startTlsFront(url: string): Promise<TlsFront> {
  const { key, cert } = await createCertificate('localhost');
  const folder = mkdtempSync(join(tmpdir(), 'tls-front-'));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, cert);
  const server = createServer({ key, cert }, (incoming, outgoing) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const { hostname, port } = new URL(url);
    const forwarded = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return {
    host: `localhost:${address.port}`,
    caFile,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}
