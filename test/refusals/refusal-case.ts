/** What a case is, and how it asks. */
import type { Reason } from '../../src/refusal.ts';
import type { Answer, AskOptions, TestBroker } from '../support/broker.ts';

export interface RefusalCase {
  readonly reason: Reason;
  readonly status: number;
  readonly code: string;
  readonly ask: (broker: TestBroker) => Promise<Answer>;
  /** Expected calls to STS. Absent: 0. */
  readonly stsCalls?: number;
  /** Expected facts in the audit line. */
  readonly why?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | RegExp>>;
}

/** Of a caller with the grant `user-files`. */
export const BASIC = { plan: 'basic' };

/** A good request, except for the changes of the case. */
export const asking =
  (options: AskOptions = {}) =>
  (broker: TestBroker) =>
    broker.ask({ claims: BASIC, ...options });

export const withClaims = (claims: Readonly<Record<string, unknown>>) =>
  asking({ claims: { ...BASIC, ...claims } });
