/** Every refusal has its OAuth error, and the same audit line as on the native API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerFor } from '../../../src/api/native/public-answers.ts';
import { errorFor } from '../../../src/api/token-exchange/errors.ts';
import type { Reason } from '../../../src/refusal.ts';
import { keepCircuitClosed, REFUSAL_CASES, REFUSALS_CONFIG } from '../../refusals/cases.ts';
import { REFUSALS } from '../../refusals/kinds.ts';
import { type Answer, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { formOf, throughTokenExchange } from '../../support/token-exchange.ts';

/** The status and the error of every reason, as the API page lists them. */
const EXPECTED: Readonly<Record<Reason, readonly [status: number, error: string]>> = {
  route_unknown: [404, 'invalid_request'],
  too_many_header_lines: [431, 'invalid_request'],
  method_not_allowed: [405, 'invalid_request'],
  not_acceptable: [406, 'invalid_request'],
  body_too_large: [413, 'invalid_request'],
  media_type_unsupported: [415, 'invalid_request'],
  request_malformed: [400, 'invalid_request'],
  grant_type_unsupported: [400, 'unsupported_grant_type'],
  origin_not_allowed: [403, 'invalid_request'],
  token_missing: [400, 'invalid_request'],
  token_too_large: [400, 'invalid_request'],
  token_malformed: [400, 'invalid_request'],
  header_not_allowed: [400, 'invalid_request'],
  algorithm_not_allowed: [400, 'invalid_request'],
  token_type_not_allowed: [400, 'invalid_request'],
  issuer_untrusted: [400, 'invalid_request'],
  key_unknown: [400, 'invalid_request'],
  signature_invalid: [400, 'invalid_request'],
  claim_invalid: [400, 'invalid_request'],
  claim_not_allowed: [400, 'invalid_request'],
  audience_mismatch: [400, 'invalid_request'],
  token_not_yet_valid: [400, 'invalid_request'],
  token_expired: [400, 'invalid_request'],
  token_too_old: [400, 'invalid_request'],
  token_revoked: [400, 'invalid_request'],
  issuer_keys_unavailable: [503, 'temporarily_unavailable'],
  no_grant_fits: [400, 'invalid_request'],
  grant_not_available: [400, 'invalid_request'],
  ticket_invalid: [400, 'invalid_request'],
  ticket_expired: [400, 'invalid_request'],
  ticket_used_up: [400, 'invalid_request'],
  ticket_too_large: [400, 'invalid_request'],
  ambiguous_grant: [400, 'invalid_request'],
  target_malformed: [400, 'invalid_target'],
  target_outside_grant: [400, 'invalid_target'],
  permission_outside_grant: [400, 'invalid_scope'],
  policy_outside_grant: [400, 'invalid_request'],
  duration_outside_grant: [400, 'invalid_request'],
  token_life_too_short: [400, 'invalid_request'],
  caller_address_unknown: [400, 'invalid_request'],
  session_policy_too_large: [400, 'invalid_target'],
  subject_denied: [400, 'invalid_request'],
  token_denied: [400, 'invalid_request'],
  key_denied: [400, 'invalid_request'],
  grant_disabled: [400, 'invalid_request'],
  rate_limited: [429, 'temporarily_unavailable'],
  token_replayed: [400, 'invalid_request'],
  replay_store_unavailable: [503, 'temporarily_unavailable'],
  source_credentials_unavailable: [503, 'temporarily_unavailable'],
  sts_share_used_up: [429, 'temporarily_unavailable'],
  sts_throttled: [503, 'temporarily_unavailable'],
  sts_unavailable: [503, 'temporarily_unavailable'],
  sts_refused: [502, 'server_error'],
  sts_answer_unusable: [502, 'server_error'],
  audit_unavailable: [503, 'temporarily_unavailable'],
  internal_error: [500, 'server_error'],
};

/** RFC 6749 section 5.2: the characters of `error_description`. */
const DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;
const ON = 'surfaces: { tokenExchange: true }\n';

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: `${REFUSALS_CONFIG}\n${ON}` });
});

afterAll(async () => {
  await broker.close();
});

function expectError(answer: Answer, reason: Reason): void {
  const [status, error] = EXPECTED[reason];
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.body).toMatchObject({
    error,
    error_description: expect.stringMatching(DESCRIPTION),
    request_id: answer.headers.get('x-request-id'),
  });
}

/** What has to be asked in another way than on the native API. */
const FORMS: Partial<Record<Reason, { readonly body: string; readonly type?: string }>> = {
  body_too_large: { body: `${formOf('x')}&grant=${'x'.repeat(16_384)}` },
  media_type_unsupported: { body: '{}', type: 'application/json' },
};

describe('the error of a refusal', () => {
  it.each(REFUSALS)('for $reason is listed', (refusal) => {
    const { status, error, description } = errorFor(refusal);

    expect([status, error]).toEqual(EXPECTED[refusal.reason]);
    expect(description).toMatch(DESCRIPTION);
    // whoever cannot use the broker at all cannot tell it here either
    const isTemporary = answerFor(refusal.reason).status >= 429;
    expect(status >= 429).toBe(isTemporary);
  });

  it.each(REFUSAL_CASES.filter(({ reason }) => reason !== 'route_unknown'))(
    'for $reason is answered, and audited as on the native API',
    async (refusal) => {
      await keepCircuitClosed(broker, refusal);
      const callsBefore = broker.stsCalls();
      const linesBefore = broker.auditLines().length;
      const form = FORMS[refusal.reason];
      const door = throughTokenExchange(broker);

      const answer = await (form === undefined
        ? refusal.ask(door)
        : door.ask({
            body: form.body,
            ...(form.type === undefined ? {} : { headers: { 'Content-Type': form.type } }),
          }));
      const lines = broker.auditLines().slice(linesBefore);

      expectError(answer, refusal.reason);
      const { 'Retry-After': retryAfter } = refusal.headers ?? {};
      if (retryAfter !== undefined) expect(answer.headers.get('retry-after')).toMatch(retryAfter);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({
        surface: 'token_exchange',
        decision: 'refused',
        reason: refusal.reason,
        requestId: answer.headers.get('x-request-id'),
      });
      expect(broker.stsCalls() - callsBefore).toBe(refusal.stsCalls ?? 0);
    },
  );

  it('names the grants if several fit', async () => {
    const { body } = await throughTokenExchange(broker).ask({
      claims: { plan: 'both', groups: ['a'] },
    });

    expect(body).toMatchObject({ error: 'invalid_request', grants: ['teams', 'both'] });
  });
});
