/** Reads the answers of `/v1/credentials`: a credential, or a refusal as an error. */
import { BrokerError } from './broker-error.ts';
import type { Credential, Target } from './credential.ts';

/** The answer to a granted request, as `openapi.yaml` declares it, with small first letters. */
interface Answer extends Omit<Credential, 'expiration' | 'refreshAfter' | 'clockOffsetMs'> {
  readonly expiration: string;
  readonly refreshAfter: string;
}

/** RFC 9457 problem details; a proxy in between may answer without them. */
interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly grants?: readonly string[];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
/** Tells an answer of the broker from one of a proxy or a portal. */
const isAnswer = (body: unknown): body is Answer =>
  isObject(body) && !!body['securityToken'] && isObject(body['grant']);
const isProblem = (body: unknown): body is Problem => isObject(body);

/**
 * Reads the credential. `localMs` is the local clock when the request was sent: the broker's clock is
 * then never taken for slower than it is.
 *
 * @throws BrokerError for a refusal, and `invalid_answer` for anything that is neither.
 */
export function readAnswer(response: Response, text: string, localMs: number): Credential {
  const { ok, status, headers } = response;
  const body = parse(text);
  if (ok && isAnswer(body)) {
    const expiration = new Date(body.expiration);
    const refreshAfter = new Date(body.refreshAfter);
    // a page reads Date only if the broker exposes it; RefreshAfter lies at four fifths of what is
    // left; both were rounded down to seconds
    const brokerMs =
      Date.parse(headers.get('date') ?? '') + 999 || 5 * (+refreshAfter + 999) - 4 * +expiration;
    const targets = body.grant.targets.map(toTarget);
    const clockOffsetMs = brokerMs - localMs;
    return { ...body, expiration, refreshAfter, clockOffsetMs, grant: { ...body.grant, targets } };
  }
  const { code = 'invalid_answer', detail, grants }: Problem = !ok && isProblem(body) ? body : {};
  const requestId = headers.get('x-request-id') ?? undefined;
  // the broker sends seconds; a date of a proxy counts for nothing
  const retryAfter = Number(headers.get('retry-after')) || 0;
  throw new BrokerError({ code, status, requestId, retryAfter, grants }, detail);
}

function toTarget(given: Target): Target {
  const [, , bucket = '', ...keys] = given.target.split('/');
  return { ...given, bucket, prefix: keys.join('/') };
}

/** JSON whose members begin with small letters; undefined if it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text, (_name, value: unknown) =>
      isObject(value) && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value).map(([name, member]) => [
              name.replace(/^./, (first) => first.toLowerCase()),
              member,
            ]),
          )
        : value,
    );
  } catch {
    return undefined;
  }
}
