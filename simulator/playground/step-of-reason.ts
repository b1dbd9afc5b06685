/** Which step of the pipeline refuses for which reason, where the pure steps do not say so. */
import type { Reason } from '../../src/refusal.ts';
import type { StepName } from './answer.ts';

/** The steps in their order. */
export const STEPS: readonly StepName[] = [
  'verify',
  'limit the caller',
  'match',
  'narrow',
  'render',
  'limit the request',
  'assume',
  'record',
];

const LIMITS_THE_CALLER: readonly Reason[] = ['subject_denied', 'token_denied', 'key_denied'];
const LIMITS_THE_REQUEST: readonly Reason[] = [
  'grant_disabled',
  'token_revoked',
  'token_replayed',
  'replay_store_unavailable',
];
const BY_SCOPE: ReadonlyMap<unknown, StepName> = new Map([
  ['refused_tokens', 'verify'],
  ['subject', 'limit the caller'],
  ['address', 'limit the caller'],
  ['issuer', 'limit the request'],
  ['assume_role', 'assume'],
]);

/** For a token that the verifier takes and a request within its grant. `scope` is that of a rate limit. */
export function stepOfReason(reason: Reason, scope: unknown): StepName {
  if (LIMITS_THE_CALLER.includes(reason)) return 'limit the caller';
  if (LIMITS_THE_REQUEST.includes(reason)) return 'limit the request';
  if (reason === 'rate_limited') return BY_SCOPE.get(scope) ?? 'limit the caller';
  return reason === 'audit_unavailable' ? 'record' : 'assume';
}
