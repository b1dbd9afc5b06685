/** One request for every reason, with its expected answer and audit line, and their config; shared by several tests. */
import type { Reason } from '../../src/refusal.ts';
import type { TestBroker } from '../support/broker.ts';
import { GRANT_CASES } from './grant-cases.ts';
import type { RefusalCase } from './refusal-case.ts';
import { REQUEST_CASES } from './request-cases.ts';
import { STS_CASES } from './sts-cases.ts';
import { LEAKED_ISSUER, leaked, TOKEN_CASES } from './token-cases.ts';

/** Each case selects its grant with the claim `plan`. */
export const REFUSALS_CONFIG = `
region: cn-hangzhou
sts: { endpoint: "{{sts}}", timeout: 1s }
buckets:
  app-media: { region: cn-hangzhou, endpoint: "{{oss}}" }
callerAddress: { header: X-Forwarded-For, trustedHops: 1 }
issuers:
  - name: app
    issuer: "{{issuer}}"
    audiences: [oss-token-broker]
    tokensValidAfter: 2020-01-01T00:00:00Z
    deny: { subjects: [mallory], tokenIds: [stolen] }
    attributes:
      user: { claim: sub }
      teams: { claim: groups, grammar: path }
  - name: unreachable
    issuer: http://127.0.0.1:1
    audiences: [oss-token-broker]
  - name: leaked
    issuer: ${LEAKED_ISSUER}
    audiences: [oss-token-broker]
    jwks: { keys: [${JSON.stringify(leaked.publicJwk)}] }
    deny: { keyIds: [leaked-key] }
    attributes:
      user: { claim: sub }
grants:
  - name: user-files
    issuer: app
    when: [{ claim: plan, equals: basic }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read, write] }]
    restrict: { https: false }
  - name: strict
    issuer: app
    when: [{ claim: plan, equals: strict }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
    duration: { strict: true }
  - name: bound
    issuer: app
    when: [{ claim: plan, equals: bound }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
    restrict: { sourceIp: caller }
  - name: teams
    issuer: app
    when: [{ claim: plan, in: [teams, both] }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/teams/{teams}/", permissions: [read, list] }]
  - name: both
    issuer: app
    when: [{ claim: plan, equals: both }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
  - name: nowhere
    issuer: app
    when: [{ claim: plan, equals: nowhere }]
    role: acs:ram::123456789012:role/no-such-role
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
  - name: switched-off
    issuer: app
    when: [{ claim: plan, equals: switched-off }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
    disabled: true
  - name: leaked
    issuer: leaked
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
`;

export const REFUSAL_CASES: readonly RefusalCase[] = [
  ...REQUEST_CASES,
  ...TOKEN_CASES,
  ...GRANT_CASES,
  ...STS_CASES,
];

/** Reasons that need a defect, a broken log, an earlier request or another surface. Other tests cover them. */
export const REASONS_WITH_OWN_TESTS: readonly Reason[] = [
  'grant_type_unsupported',
  'policy_outside_grant',
  'internal_error',
  'audit_unavailable',
  'rate_limited',
  'sts_share_used_up',
  'token_replayed',
  'replay_store_unavailable',
  'ticket_invalid',
  'ticket_expired',
  'ticket_used_up',
  'ticket_too_large',
];

/** Makes one granted request, since five STS failures in a row would open the circuit. */
export async function keepCircuitClosed(broker: TestBroker, { stsCalls }: RefusalCase) {
  if (stsCalls === undefined || stsCalls === 0) return;
  const sub = `before-${broker.stsCalls()}`;
  await broker.ask({ claims: { plan: 'basic', sub } });
}
