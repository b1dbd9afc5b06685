/** Checks what the broker promises under every fault, at each request and at the end of a test. */
import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import type { Answer, AskOptions, TestBroker } from '../support/broker.ts';
import { type Credential, credentialOf } from '../support/oss-client.ts';

type Watchable = Pick<TestBroker, 'ask' | 'auditLines' | 'simulator'>;

export interface Watch {
  /** Asks as the subject and uses the issued credential. Fails if there is no answer by the deadline. */
  ask(subject: string, options?: AskOptions): Promise<Answer>;
  /** Asks as all subjects at once. */
  askAll(subjects: readonly string[]): Promise<readonly Answer[]>;
  /** Fails unless every issued credential was audited and worked for its caller's prefix only. */
  expectPromisesKept(): void;
}

interface Issued {
  readonly requestId: unknown;
  readonly accessKeyId: string;
  readonly subject: string;
  /** The statuses that OSS answered at the caller's own prefix and at another caller's. */
  readonly used: string;
}

/** Extra time for a busy machine. */
const MARGIN_MS = 10_000;

/**
 * Watches the requests to a broker with `SIMPLE_CONFIG`. `deadlineMs` is the longest wait that the
 * config allows within a request.
 */
export function watch(broker: Watchable, { deadlineMs }: { readonly deadlineMs: number }): Watch {
  const issued: Issued[] = [];
  const uses = new Map<string, Promise<string>>();

  function use(credential: Credential, subject: string): Promise<string> {
    const key = JSON.stringify([credential.AccessKeyId, subject]);
    const known = uses.get(key) ?? useOnce(broker, credential, subject);
    uses.set(key, known);
    return known;
  }

  async function ask(subject: string, options: AskOptions = {}): Promise<Answer> {
    const answering = broker.ask({ ...options, claims: { sub: subject, ...options.claims } });
    const answer = await within(deadlineMs + MARGIN_MS, answering);
    // a fault outside the broker must not show as a defect of the broker
    expect(answer.status).not.toBe(500);
    if (answer.status !== 200) {
      expect(answer.text).not.toMatch(/SecurityToken|AccessKey/);
      return answer;
    }
    const credential = credentialOf(answer.body);
    issued.push({
      requestId: answer.headers.get('x-request-id'),
      accessKeyId: credential.AccessKeyId,
      subject,
      used: await use(credential, subject),
    });
    return answer;
  }

  return {
    ask,
    askAll: (subjects) => Promise.all(subjects.map((subject) => ask(subject))),
    expectPromisesKept() {
      const granted = broker.auditLines().filter(({ decision }) => decision === 'granted');
      for (const { requestId, accessKeyId, subject } of issued) {
        const lines = granted.filter((line) => line['requestId'] === requestId);
        expect(lines).toMatchObject([{ accessKeyId, subject }]);
      }
      // at least one credential must have been issued, or the test shows nothing
      expect([...new Set(issued.map(({ used }) => used))]).toEqual(['200 403']);
    },
  };
}

/** Throws if the promise is not settled in time. */
export async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

async function useOnce(broker: Watchable, credential: Credential, subject: string) {
  const own = await put(broker, credential, `users/${subject}/x`);
  const other = await put(broker, credential, `users/${subject}0/x`);
  return `${own} ${other}`;
}

/** Puts an empty object, signed by hand, and returns the status that OSS answers. */
async function put({ simulator }: Watchable, credential: Credential, key: string): Promise<number> {
  const date = new Date(simulator.cloud.now()).toUTCString();
  const token = `x-oss-security-token:${credential.SecurityToken}`;
  const text = `PUT\n\n\n${date}\n${token}\n/app-media/${key}`;
  const signature = createHmac('sha1', credential.AccessKeySecret).update(text).digest('base64');
  const { status, body } = await fetch(`${simulator.oss.url}/app-media/${key}`, {
    method: 'PUT',
    headers: {
      Date: date,
      'x-oss-security-token': credential.SecurityToken,
      Authorization: `OSS ${credential.AccessKeyId}:${signature}`,
    },
  });
  await body?.cancel();
  return status;
}
