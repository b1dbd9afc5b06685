/** What is around every server under measurement: an issuer's keys and a simulated STS. */
import { fork } from 'node:child_process';
import { generateSigningKey, type SigningKey } from '../support/keys.ts';
import { askProcess } from './ask-process.ts';

export interface Sts {
  readonly url: string;
  readonly sourceCredentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly roleArn: string;
  readonly close: () => void;
}

export interface Surroundings {
  readonly sts: Sts;
  readonly keys: Readonly<Record<BenchAlgorithm, SigningKey>>;
  /** A key that the issuer does not publish, under the name of one that it does. */
  readonly strangersKey: SigningKey;
}

export type BenchAlgorithm = 'ES256' | 'RS256';

export const ISSUER = 'https://login.example.com/';
export const AUDIENCE = 'oss-token-broker';

export async function startSurroundings(stsScript: string): Promise<Surroundings> {
  const child = fork(stsScript);
  const sts = await askProcess<Omit<Sts, 'close'>>(child);
  return {
    sts: { ...sts, close: () => child.kill('SIGKILL') },
    keys: {
      ES256: generateSigningKey('ES256', 'es256'),
      RS256: generateSigningKey('RS256', 'rs256'),
    },
    strangersKey: generateSigningKey('ES256', 'es256'),
  };
}

export function publishedKeys({ keys }: Surroundings): { readonly keys: readonly object[] } {
  return { keys: Object.values(keys).map(({ publicJwk }) => publicJwk) };
}
