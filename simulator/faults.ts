/** Everything that can go wrong between a caller and STS, on demand. */
import type { StsErrorCode } from './sts/error.ts';

/** One fault as plain data, so that it can be sent to a running simulator too. */
export type Fault =
  /** Throttling.User, as JSON with status 400. */
  | { readonly kind: 'throttling' }
  /** Throttling.User for what is beyond so many requests a second, as STS does beyond 100. */
  | { readonly kind: 'rateLimit'; readonly requestsPerSecond: number }
  /** The other documented answer to too many requests. */
  | { readonly kind: 'redirect302'; readonly body: 'html' | 'json' | 'empty' }
  /** A proxy in between that answers for STS. */
  | { readonly kind: 'html5xx'; readonly status: 502 | 503 | 504 }
  | { readonly kind: 'json5xx'; readonly code: 'InternalError' | 'ServiceUnavailable' }
  /** The genuine answer, in small pieces spread over this time: no single read is slow. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The request is read and never answered. */
  | { readonly kind: 'hang' }
  /** The connection is reset (TCP RST) once the request is read. */
  | { readonly kind: 'reset' }
  /** Status and headers arrive, the promised body never does. */
  | { readonly kind: 'halfAnswer' }
  /** Status 200 without a body. */
  | { readonly kind: 'empty200' }
  /** Status 200 with a page of HTML, as a captive portal would send it. */
  | { readonly kind: 'html200' }
  /** The genuine answer with members of its `Credentials` left out or overwritten. */
  | {
      readonly kind: 'malformedCredentials';
      readonly omit?: readonly CredentialMember[];
      readonly set?: Readonly<Partial<Record<CredentialMember, unknown>>>;
    }
  /** As if the security token of the caller had just expired. */
  | { readonly kind: 'sourceCredentialsExpired' }
  /** As if the clock of the caller were off. */
  | { readonly kind: 'clockSkew' };

export type CredentialMember = 'AccessKeyId' | 'AccessKeySecret' | 'SecurityToken' | 'Expiration';

export interface FaultControl {
  /** Every request meets this fault from now on; undefined ends it, and empties the queue. */
  readonly set: (fault: Fault | undefined) => void;
  /** The next requests, once each, meet this fault; goes before the one that was set. */
  readonly once: (fault: Fault, times?: number) => void;
}

/** The control for tests, and `take`, which tells the fault that the next request has to meet. */
export function createFaults(): FaultControl & { readonly take: () => Fault | undefined } {
  const queue: Fault[] = [];
  let sticky: Fault | undefined;

  return {
    set(fault) {
      sticky = fault;
      if (fault === undefined) queue.length = 0;
    },
    once(fault, times = 1) {
      queue.push(...Array.from({ length: times }, () => fault));
    },
    take() {
      return queue.shift() ?? sticky;
    },
  };
}

/** The error that STS would answer with under a fault, if that is how the fault shows. */
export function errorCodeOf(fault: Fault | undefined): StsErrorCode | undefined {
  switch (fault?.kind) {
    case 'throttling':
      return 'Throttling.User';
    case 'json5xx':
      return fault.code;
    case 'sourceCredentialsExpired':
      return 'InvalidSecurityToken.Expired';
    case 'clockSkew':
      return 'InvalidTimeStamp.Expired';
    default:
      return undefined;
  }
}
