/** A broker whose answers a test writes, on a clock that a test moves: for times and failures that a real one does not have. */
import { vi } from 'vitest';
import type { CredentialSource } from '../../src/client/credential.ts';
import {
  type CredentialSourceOptions,
  createCredentialSource,
} from '../../src/client/credential-source.ts';

export const MINUTE_MS = 60_000;
/** How long a credential of the scripted broker lasts. */
export const END_MS = 15 * MINUTE_MS;
/** From here on the client asks for the next one. */
export const REFRESH_MS = 12 * MINUTE_MS;
const START_MS = Date.parse('2026-11-23T18:00:00Z');

type Answer = () => Response | Promise<Response>;

export interface ScriptedBroker {
  readonly source: CredentialSource;
  /** The answers to come, in their order; after them the broker grants. */
  readonly answers: Answer[];
  /** The subject tokens that came. */
  readonly tokens: string[];
  /** Each call of `getSubjectToken`: whether it was asked for a new one. */
  readonly renewals: boolean[];
  /** Moves the clocks of broker and client. Timers that are due meanwhile run. */
  passTime(elapsedMs: number): Promise<void>;
  /** Moves the client's clock alone. */
  setClock(offsetMs: number): void;
  /** An answer with a credential whose AccessKeyId has the count of requests. */
  grant(headers?: Readonly<Record<string, string>>): Response;
}

/** Starts it. The clock is faked for the whole test: end it with `vi.useRealTimers()`. */
export function scriptBroker(options: Partial<CredentialSourceOptions> = {}): ScriptedBroker {
  vi.useFakeTimers({ now: START_MS });
  let offsetMs = 0;
  const answers: Answer[] = [];
  const tokens: string[] = [];
  const renewals: boolean[] = [];

  const grant = (headers: Readonly<Record<string, string>> = { date: toHttpDate(Date.now()) }) => {
    const nowMs = Date.now();
    return Response.json(
      {
        StatusCode: 200,
        Code: 'Success',
        RequestId: `request-${tokens.length}`,
        AccessKeyId: `STS.${tokens.length}`,
        AccessKeySecret: 'secret',
        SecurityToken: 'token',
        Expiration: toInstant(nowMs + END_MS),
        RefreshAfter: toInstant(nowMs + REFRESH_MS),
        Grant: {
          Name: 'user-files',
          Targets: [
            {
              Target: 'oss://app-media/users/42/',
              Permissions: ['read', 'write'],
              Region: 'cn-hangzhou',
              Endpoint: 'https://oss-cn-hangzhou.aliyuncs.com',
            },
          ],
        },
      },
      { headers },
    );
  };

  const source = createCredentialSource({
    url: 'https://broker.example.com',
    getSubjectToken({ renew }) {
      renewals.push(renew);
      return `subject.token.${renewals.length}`;
    },
    async fetch(_url, init) {
      tokens.push(new Headers(init?.headers).get('authorization') ?? '');
      return answers.shift()?.() ?? grant();
    },
    now: () => Date.now() + offsetMs,
    random: () => 0,
    ...options,
  });

  return {
    source,
    answers,
    tokens,
    renewals,
    grant,
    async passTime(elapsedMs) {
      await vi.advanceTimersByTimeAsync(elapsedMs);
    },
    setClock(moved) {
      offsetMs = moved;
    },
  };
}

/** An answer with problem details. */
export function refuse(
  status: number,
  code: string,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly grants?: unknown } = {},
): () => Response {
  const { headers = {}, grants } = options;
  const detail = 'One fixed sentence.';
  const body = { type: 'urn:x', title: 'A title', status, detail, code, requestId: 'r-1', grants };
  return () =>
    Response.json(body, {
      status,
      headers: { 'content-type': 'application/problem+json', 'x-request-id': 'r-1', ...headers },
    });
}

export const offline = () => {
  throw new TypeError('fetch failed');
};

/** The AccessKeyId of the credential that a caller gets now. */
export async function keyOf({ source }: ScriptedBroker): Promise<string> {
  return (await source.get()).accessKeyId;
}

/** What the promise rejects with. Throws if it does not reject. */
export function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('there was no error');
    },
    (error: unknown) => error,
  );
}

const toInstant = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const toHttpDate = (ms: number) => new Date(ms).toUTCString();
