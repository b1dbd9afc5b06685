/** What a server that is compared with the broker is told in its environment, and how it tells its port. */
import type { JSONWebKeySet } from 'jose';

export interface Setup {
  /** An answer of the broker, so that others answer with the same bytes. */
  readonly answer: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  readonly jwks: JSONWebKeySet;
  readonly issuer: string;
  readonly audience: string;
  readonly sts: {
    readonly url: string;
    readonly sourceCredentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
    readonly roleArn: string;
  };
}

export const SETUP_VARIABLE = 'BENCH_SETUP';

export function readSetup(): Setup {
  return JSON.parse(process.env[SETUP_VARIABLE] ?? '{}');
}

/** Says it as the broker does. */
export function tellPort(port: number): void {
  process.stderr.write(`listens on port ${port}\n`);
}
