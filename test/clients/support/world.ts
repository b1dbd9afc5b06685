/** A broker whose credentials end after some seconds, and what a caller has: files, and a subject token in a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { TICKET_ENVIRONMENT, URLS_ON } from '../../support/credential-urls.ts';

/** A client asks for the next one when a fifth is left: on a slow machine, a request must not take longer. */
export const CREDENTIAL_SECONDS = 12;

/** Larger than the size from which any of the SDKs uploads in parts. */
export const LARGE_BYTES = 11 * 1024 * 1024;

/** The broker holds no credential that lives so short, so that each request needs another. */
const CONFIG = `limits: { assumeRole: { requests: 1000, window: 10s } }
${SIMPLE_CONFIG}
  - name: releases
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow:
      - { target: "oss://app-media/releases/{user}/", permissions: [write] }
    restrict: { https: false }
${URLS_ON}`;

export interface ClientWorld {
  readonly broker: TestBroker;
  /** A folder with `small.txt` and `large.bin`. */
  readonly folder: string;
  /** `BROKER_URL`, `GRANT` and `SUBJECT_TOKEN_FILE`, for a subject whose files are below `users/<user>/`. */
  environmentOf(
    user: string,
    claims?: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, string>>>;
  close(): Promise<void>;
}

export async function startClientWorld(
  longestSessionSeconds = CREDENTIAL_SECONDS,
): Promise<ClientWorld> {
  const broker = await startTestBroker({
    config: CONFIG,
    environment: TICKET_ENVIRONMENT,
    longestSessionSeconds,
  });
  const folder = await mkdtemp(join(tmpdir(), 'clients-'));
  await writeFile(join(folder, 'small.txt'), 'hello');
  await writeFile(join(folder, 'large.bin'), Buffer.alloc(LARGE_BYTES, 'large '));
  return {
    broker,
    folder,
    async environmentOf(user, claims) {
      const file = join(folder, `${user}.jwt`);
      // the SDKs take the file as it is, so it ends without a line end, as a projected token does
      await writeFile(file, await broker.issuer.token({ sub: user, ...claims }));
      return { BROKER_URL: broker.url, GRANT: 'user-files', SUBJECT_TOKEN_FILE: file };
    },
    async close() {
      await broker.close();
      await rm(folder, { recursive: true });
    },
  };
}
