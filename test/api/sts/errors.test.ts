/** Every refusal has its error of STS, and the same audit line as on the native API. */
import { describe, expect, it } from 'vitest';
import { answerFor } from '../../../src/api/native/public-answers.ts';
import { errorFor } from '../../../src/api/sts/errors.ts';
import type { Reason } from '../../../src/refusal.ts';
import { keepCircuitClosed, REFUSAL_CASES, REFUSALS_CONFIG } from '../../refusals/cases.ts';
import { REFUSALS } from '../../refusals/kinds.ts';
import type { Answer } from '../../support/broker.ts';
import {
  parametersOf,
  QUERY,
  ROLE_ARN,
  stsDoorOfFile,
  throughSts,
} from '../../support/sts-door.ts';

const INVALID = 'AuthenticationFail.OIDCToken.Invalid';
const EXPIRED = 'AuthenticationFail.OIDCToken.Expired';

/** The status and the code of every reason, as the API page lists them. */
const EXPECTED: Readonly<Record<Reason, readonly [status: number, code: string]>> = {
  route_unknown: [404, 'InvalidAction.NotFound'],
  too_many_header_lines: [431, 'InvalidParameter'],
  method_not_allowed: [405, 'UnsupportedHTTPMethod'],
  not_acceptable: [406, 'InvalidParameter'],
  body_too_large: [413, 'InvalidParameter'],
  media_type_unsupported: [400, 'InvalidParameter.ContentType'],
  request_malformed: [400, 'InvalidParameter'],
  grant_type_unsupported: [400, 'InvalidParameter'],
  origin_not_allowed: [403, 'NoPermission'],
  token_missing: [400, 'MissingOIDCToken'],
  token_too_large: [400, INVALID],
  token_malformed: [400, INVALID],
  header_not_allowed: [400, INVALID],
  algorithm_not_allowed: [400, INVALID],
  token_type_not_allowed: [400, INVALID],
  issuer_untrusted: [400, INVALID],
  key_unknown: [400, INVALID],
  signature_invalid: [400, INVALID],
  claim_invalid: [400, INVALID],
  claim_not_allowed: [400, INVALID],
  audience_mismatch: [400, INVALID],
  token_not_yet_valid: [400, INVALID],
  token_expired: [400, EXPIRED],
  token_too_old: [400, EXPIRED],
  token_revoked: [400, EXPIRED],
  issuer_keys_unavailable: [503, 'ServiceUnavailable'],
  ticket_invalid: [400, INVALID],
  ticket_expired: [400, EXPIRED],
  ticket_used_up: [400, INVALID],
  ticket_too_large: [400, 'InvalidParameter'],
  no_grant_fits: [403, 'NoPermission'],
  grant_not_available: [403, 'NoPermission'],
  ambiguous_grant: [400, 'InvalidParameter.RoleArn'],
  target_malformed: [400, 'InvalidParameter'],
  target_outside_grant: [403, 'NoPermission'],
  permission_outside_grant: [403, 'NoPermission'],
  policy_outside_grant: [403, 'NoPermission'],
  duration_outside_grant: [400, 'InvalidParameter.DurationSeconds'],
  token_life_too_short: [400, EXPIRED],
  caller_address_unknown: [403, 'NoPermission'],
  session_policy_too_large: [400, 'InvalidParameter.PolicySize'],
  subject_denied: [400, INVALID],
  token_denied: [400, INVALID],
  key_denied: [400, INVALID],
  grant_disabled: [403, 'NoPermission'],
  rate_limited: [429, 'Throttling.User'],
  token_replayed: [400, INVALID],
  replay_store_unavailable: [503, 'ServiceUnavailable'],
  source_credentials_unavailable: [503, 'ServiceUnavailable'],
  sts_share_used_up: [429, 'Throttling.User'],
  sts_throttled: [503, 'Throttling.User'],
  sts_unavailable: [503, 'ServiceUnavailable'],
  sts_refused: [502, 'InternalError'],
  sts_answer_unusable: [502, 'InternalError'],
  audit_unavailable: [503, 'ServiceUnavailable'],
  internal_error: [500, 'InternalError'],
};

const ON = 'surfaces: { sts: true }\n';

/**
 * What this protocol does not have: another address belongs to another surface, `Format` says what
 * `Accept` would, nobody sends an Origin, and a policy stands for targets and permissions.
 */
const ELSEWHERE: readonly Reason[] = [
  'route_unknown',
  'not_acceptable',
  'origin_not_allowed',
  'target_malformed',
  'target_outside_grant',
  'permission_outside_grant',
];

/** The role decides here: a role without a fitting grant is a grant that is not available. */
const REASONS: Partial<Record<Reason, Reason>> = { no_grant_fits: 'grant_not_available' };

/** What has to be asked in another way than on the native API. */
const FORMS: Partial<Record<Reason, { readonly body: string; readonly type?: string }>> = {
  body_too_large: { body: `${parametersOf('x')}&RegionId=${'x'.repeat(16_384)}` },
  media_type_unsupported: { body: '{}', type: 'application/json' },
};

const sts = stsDoorOfFile(`${REFUSALS_CONFIG}\n${ON}`);

function expectError(answer: Answer, reason: Reason): void {
  const [status, code] = EXPECTED[reason];
  expect([answer.status, answer.body['Code']]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/json;charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(Object.keys(answer.body)).toEqual(['RequestId', 'HostId', 'Code', 'Message']);
  expect(answer.body['RequestId']).toBe(answer.headers.get('x-request-id'));
}

describe('the error of a refusal', () => {
  it.each(REFUSALS)('for $reason is listed', (refusal) => {
    const { status, code } = errorFor(refusal);

    expect([status, code]).toEqual(EXPECTED[refusal.reason]);
    const isTemporary = answerFor(refusal.reason).status >= 429;
    expect(status >= 429).toBe(isTemporary);
  });

  it.each(REFUSAL_CASES.filter(({ reason }) => !ELSEWHERE.includes(reason)))(
    'for $reason is answered, and audited as on the native API',
    async (refusal) => {
      await keepCircuitClosed(sts.broker, refusal);
      const callsBefore = sts.broker.stsCalls();
      const linesBefore = sts.broker.auditLines().length;
      const form = FORMS[refusal.reason];
      const isOfOtherRole = refusal.why?.['stsCode'] === 'NoPermission';
      const role = isOfOtherRole ? ROLE_ARN.replace('oss-uploader', 'no-such-role') : ROLE_ARN;
      const door = throughSts(sts.broker, role);

      const answer = await (form === undefined
        ? refusal.ask(door)
        : sts.door.ask({
            body: form.body,
            ...(form.type === undefined ? {} : { headers: { 'Content-Type': form.type } }),
          }));
      const lines = sts.broker.auditLines().slice(linesBefore);
      const reason = REASONS[refusal.reason] ?? refusal.reason;

      expectError(answer, reason);
      const { 'Retry-After': retryAfter } = refusal.headers ?? {};
      if (retryAfter !== undefined) expect(answer.headers.get('retry-after')).toMatch(retryAfter);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({
        surface: 'sts',
        decision: 'refused',
        reason,
        requestId: answer.headers.get('x-request-id'),
      });
      expect(sts.broker.stsCalls() - callsBefore).toBe(refusal.stsCalls ?? 0);
    },
  );

  it('names the grants if several have the role', async () => {
    const { status, body } = await sts.door.ask({
      claims: { plan: 'both', groups: ['a'] },
    });

    expect([status, body['Code']]).toEqual([400, 'InvalidParameter.RoleArn']);
    expect(body['Message']).toContain('teams, both');
  });

  it('does not say whether a role exists to a caller who may not use it', async () => {
    const ask = (name: string) =>
      throughSts(sts.broker, ROLE_ARN.replace('oss-uploader', name)).ask({
        claims: { plan: 'basic' },
      });
    const configured = await ask('no-such-role');
    const unknown = await ask('unheard-of');
    const { RequestId: _one, ...said } = configured.body;
    const { RequestId: _other, ...alsoSaid } = unknown.body;

    expect(said).toEqual(alsoSaid);
    expect(configured.status).toBe(unknown.status);
  });

  it.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS'])('to %s is 405, without CORS', async (method) => {
    const answer = await sts.door.ask({ method, claims: { plan: 'basic' } });

    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, POST');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is XML unless Format is JSON, before the surface is reached too', async () => {
    const path = `/?${QUERY.replace('&Format=JSON', '')}`;
    const inTheForm = await sts.door.ask({ path, body: { Format: 'json' } });
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x${n}`, 'x']));
    const plain = await sts.door.ask({ path, token: 'a.b.c' });
    const early = await sts.door.ask({ path, headers: many });
    const asked = await sts.door.ask({ headers: many });

    for (const { text, headers } of [plain, early]) {
      expect(headers.get('content-type')).toBe('text/xml;charset=utf-8');
      expect(text).toMatch(
        /^<\?xml version='1.0' encoding='UTF-8'\?><Error><RequestId>[^<]+<\/RequestId><HostId>oss-token-broker<\/HostId><Code>[A-Za-z.]+<\/Code><Message>[^<]+<\/Message><\/Error>$/,
      );
    }
    expectError(inTheForm, 'grant_not_available');
    expectError(asked, 'too_many_header_lines');
  });
});
