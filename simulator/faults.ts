/** Faults between a caller and the simulated STS, on demand. */
import type { StsErrorCode } from './sts/error.ts';

/** One fault as plain data, so that it can also be sent to a running simulator. */
export type Fault =
  /** Throttling.User, as JSON with status 400. */
  | { readonly kind: 'throttling' }
  /** Throttling.User for requests beyond this rate; the real limit is 100 per second. */
  | { readonly kind: 'rateLimit'; readonly requestsPerSecond: number }
  /** The other documented answer to too many requests. */
  | { readonly kind: 'redirect302'; readonly body: 'html' | 'json' | 'empty' }
  /** The error page of a proxy in front of STS. */
  | { readonly kind: 'html5xx'; readonly status: 502 | 503 | 504 }
  | { readonly kind: 'json5xx'; readonly code: 'InternalError' | 'ServiceUnavailable' }
  /** The genuine answer in small pieces spread over this time, so that no single read is slow. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The request is read and never answered. */
  | { readonly kind: 'hang' }
  /** The connection is reset (TCP RST) once the request is read. */
  | { readonly kind: 'reset' }
  /** Status and headers arrive, but the announced body does not. */
  | { readonly kind: 'halfAnswer' }
  /** Status 200 without a body. */
  | { readonly kind: 'empty200' }
  /** Status 200 with an HTML page, as from a captive portal. */
  | { readonly kind: 'html200' }
  /** The genuine answer with members of its `Credentials` omitted or overwritten. */
  | {
      readonly kind: 'malformedCredentials';
      readonly omit?: readonly CredentialMember[];
      readonly set?: Readonly<Partial<Record<CredentialMember, unknown>>>;
    }
  /** As if the security token of the caller had just expired. */
  | { readonly kind: 'sourceCredentialsExpired' }
  /** As if the clock of the caller were wrong. */
  | { readonly kind: 'clockSkew' };

export type CredentialMember = 'AccessKeyId' | 'AccessKeySecret' | 'SecurityToken' | 'Expiration';

export interface FaultControl {
  /** Every request gets this fault from now on. Undefined ends it and empties the queue of `once`. */
  readonly set: (fault: Fault | undefined) => void;
  /** The next `times` requests get this fault, before the one of `set`. */
  readonly once: (fault: Fault, times?: number) => void;
}

/** Makes the control for tests, and `take`, which returns the fault for the next request. */
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

/** The STS error that a fault stands for, or undefined if it is no STS error. */
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
