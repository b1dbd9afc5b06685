/** The error for every exchange that gave no credential: a refusal of the broker, or no usable answer. */

/** What the broker's refusal says (RFC 9457), or what the kit itself found. */
export interface BrokerProblem {
  readonly code: string;
  readonly status?: number;
  readonly requestId?: string | undefined;
  readonly retryAfter?: number;
  readonly grants?: readonly string[] | undefined;
}

/** Its message is the code and the broker's fixed sentence. It never holds a token or a key. */
export class BrokerError extends Error {
  /** A code of the broker, or `network_error`, `timeout` or `invalid_answer`. */
  declare readonly code: string;
  /** The HTTP status; 0 if there was no answer. */
  declare readonly status: number;
  /** What the operator finds the reason with, in the audit log. */
  declare readonly requestId?: string;
  /** Seconds, from `Retry-After` (RFC 9110 section 10.2.3); 0 if there was none. */
  declare readonly retryAfter: number;
  /** The names of the grants that fit, if the code is `ambiguous_grant`. */
  declare readonly grants?: readonly string[];
  /** Whether the same request can succeed later: no answer, an unusable one, 429 or 5xx. */
  declare readonly isTransient: boolean;

  constructor(problem: BrokerProblem, message: string = problem.code, options?: ErrorOptions) {
    super(message, options);
    const { status = 0, retryAfter = 0 } = problem;
    const isTransient = status < 400 || status === 429 || status >= 500;
    Object.assign(this, problem, { name: 'BrokerError', status, retryAfter, isTransient });
  }
}
