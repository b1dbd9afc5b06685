/** Every refusal has its AWS error in both forms, and the same audit line as on the native API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorFor } from '../../../src/api/aws/errors.ts';
import { answerFor } from '../../../src/api/native/public-answers.ts';
import type { Reason } from '../../../src/refusal.ts';
import { keepCircuitClosed, REFUSAL_CASES, REFUSALS_CONFIG } from '../../refusals/cases.ts';
import { REFUSALS } from '../../refusals/kinds.ts';
import {
  elementOf,
  throughContainer,
  throughWebIdentity,
  webIdentityForm,
} from '../../support/aws.ts';
import {
  type Answer,
  SIMPLE_CONFIG,
  startTestBroker,
  type TestBroker,
} from '../../support/broker.ts';

/** The status and the error of every reason, as the API page lists them. */
const EXPECTED: Readonly<Record<Reason, readonly [status: number, code: string]>> = {
  route_unknown: [404, 'ValidationError'],
  too_many_header_lines: [431, 'ValidationError'],
  method_not_allowed: [405, 'ValidationError'],
  not_acceptable: [406, 'ValidationError'],
  body_too_large: [413, 'ValidationError'],
  media_type_unsupported: [415, 'ValidationError'],
  request_malformed: [400, 'ValidationError'],
  grant_type_unsupported: [400, 'InvalidAction'],
  origin_not_allowed: [403, 'AccessDenied'],
  token_missing: [400, 'ValidationError'],
  token_too_large: [403, 'AccessDenied'],
  token_malformed: [403, 'AccessDenied'],
  header_not_allowed: [403, 'AccessDenied'],
  algorithm_not_allowed: [403, 'AccessDenied'],
  token_type_not_allowed: [403, 'AccessDenied'],
  issuer_untrusted: [403, 'AccessDenied'],
  key_unknown: [403, 'AccessDenied'],
  signature_invalid: [403, 'AccessDenied'],
  claim_invalid: [403, 'AccessDenied'],
  claim_not_allowed: [403, 'AccessDenied'],
  audience_mismatch: [403, 'AccessDenied'],
  token_not_yet_valid: [403, 'AccessDenied'],
  token_expired: [400, 'ExpiredTokenException'],
  token_too_old: [400, 'ExpiredTokenException'],
  token_revoked: [400, 'ExpiredTokenException'],
  issuer_keys_unavailable: [503, 'IDPCommunicationError'],
  ticket_invalid: [403, 'AccessDenied'],
  ticket_expired: [400, 'ExpiredTokenException'],
  ticket_used_up: [403, 'AccessDenied'],
  ticket_too_large: [400, 'ValidationError'],
  no_grant_fits: [403, 'AccessDenied'],
  grant_not_available: [403, 'AccessDenied'],
  ambiguous_grant: [400, 'ValidationError'],
  target_malformed: [400, 'ValidationError'],
  target_outside_grant: [403, 'AccessDenied'],
  permission_outside_grant: [403, 'AccessDenied'],
  policy_outside_grant: [400, 'MalformedPolicyDocument'],
  duration_outside_grant: [400, 'ValidationError'],
  token_life_too_short: [400, 'ExpiredTokenException'],
  caller_address_unknown: [403, 'AccessDenied'],
  session_policy_too_large: [400, 'PackedPolicyTooLarge'],
  subject_denied: [403, 'AccessDenied'],
  token_denied: [403, 'AccessDenied'],
  key_denied: [403, 'AccessDenied'],
  grant_disabled: [403, 'AccessDenied'],
  rate_limited: [429, 'Throttling'],
  token_replayed: [400, 'ExpiredTokenException'],
  replay_store_unavailable: [503, 'ServiceUnavailable'],
  source_credentials_unavailable: [503, 'ServiceUnavailable'],
  sts_share_used_up: [429, 'Throttling'],
  sts_throttled: [503, 'ServiceUnavailable'],
  sts_unavailable: [503, 'ServiceUnavailable'],
  sts_refused: [403, 'AccessDenied'],
  sts_answer_unusable: [500, 'InternalFailure'],
  audit_unavailable: [503, 'ServiceUnavailable'],
  internal_error: [500, 'InternalFailure'],
};

/** What SDKs send again, by status and by code: for JavaScript, Python, Go, Java, Rust and C++. */
const RETRIED_STATUSES = [429, 500, 502, 503, 504];
const RETRIED_CODES = ['InvalidIdentityToken', 'IDPCommunicationError', 'Throttling'];

/** Reasons that a request in this form cannot have: it has no such member, or no body. */
const NOT_BY_WEB_IDENTITY: readonly Reason[] = [
  'route_unknown',
  'origin_not_allowed',
  'target_malformed',
  'target_outside_grant',
  'permission_outside_grant',
];
const NOT_BY_CONTAINER: readonly Reason[] = [
  'route_unknown',
  'origin_not_allowed',
  'body_too_large',
  'media_type_unsupported',
];

const ON = 'surfaces: { aws: true }\n';

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: `${REFUSALS_CONFIG}\n${ON}` });
});

afterAll(async () => {
  await broker.close();
});

function expectXml(answer: Answer, reason: Reason): void {
  const [status, code] = EXPECTED[reason];
  const { text, headers } = answer;
  expect(answer.status).toBe(status);
  expect(headers.get('content-type')).toBe('text/xml');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(text).toMatch(
    /^<ErrorResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/"><Error><Type>/,
  );
  expect(elementOf(text, 'Type')).toBe(status < 500 ? 'Sender' : 'Receiver');
  expect(elementOf(text, 'Code')).toBe(code);
  expect(elementOf(text, 'Message')).toMatch(/^[A-Z].*\.$/);
  expect(elementOf(text, 'RequestId')).toBe(headers.get('x-request-id'));
}

function expectJson(answer: Answer, reason: Reason): void {
  const [status, code] = EXPECTED[reason];
  const { body, headers } = answer;
  expect(answer.status).toBe(status);
  expect(headers.get('content-type')).toBe('application/json');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toEqual({
    code,
    message: expect.stringMatching(/^[A-Z].*\.$/),
    Code: code,
    Message: body['message'],
    requestId: headers.get('x-request-id'),
  });
}

describe('the AWS error of a refusal', () => {
  it.each(REFUSALS)('for $reason is listed', (refusal) => {
    const { status, code, message } = errorFor(refusal);

    expect([status, code]).toEqual(EXPECTED[refusal.reason]);
    expect(message).toMatch(/^[A-Z][^<>&"]*\.$/);
  });

  it.each(REFUSALS)('for $reason is sent again by SDKs only if that can help', (refusal) => {
    const { status, code } = errorFor(refusal);
    const isRetried = RETRIED_STATUSES.includes(status) || RETRIED_CODES.includes(code);
    // STS refuses the role until the operator changes it, which the native API says by 502
    const canHelp = answerFor(refusal.reason).status >= 429 && refusal.reason !== 'sts_refused';

    // 431 is no status that SDKs know
    expect(isRetried).toBe(canHelp && status !== 431);
  });

  it.each(REFUSAL_CASES.filter(({ reason }) => !NOT_BY_WEB_IDENTITY.includes(reason)))(
    'for $reason is answered in XML, and audited as on the native API',
    async (refusal) => {
      await keepCircuitClosed(broker, refusal);
      const callsBefore = broker.stsCalls();
      const linesBefore = broker.auditLines().length;
      const door = throughWebIdentity(broker);
      const forms: Partial<Record<Reason, Parameters<typeof door.ask>[0]>> = {
        body_too_large: { body: `${webIdentityForm('x')}&RoleArn=${'x'.repeat(16_384)}` },
        media_type_unsupported: { body: '{}', headers: { 'Content-Type': 'application/json' } },
      };
      const form = forms[refusal.reason];

      const answer = await (form === undefined ? refusal.ask(door) : door.ask(form));
      const lines = broker.auditLines().slice(linesBefore);

      expectXml(answer, refusal.reason);
      expectAudited(answer, lines, refusal);
      expect(broker.stsCalls() - callsBefore).toBe(refusal.stsCalls ?? 0);
    },
  );

  it.each(REFUSAL_CASES.filter(({ reason }) => !NOT_BY_CONTAINER.includes(reason)))(
    'for $reason is answered in JSON, and audited as on the native API',
    async (refusal) => {
      await keepCircuitClosed(broker, refusal);
      const callsBefore = broker.stsCalls();
      const linesBefore = broker.auditLines().length;

      const answer = await refusal.ask(throughContainer(broker));
      const lines = broker.auditLines().slice(linesBefore);

      if (refusal.reason === 'ambiguous_grant') {
        expect(answer.body['message']).toContain('These do: teams, both.');
      }
      expectJson(answer, refusal.reason);
      expectAudited(answer, lines, refusal);
      expect(broker.stsCalls() - callsBefore).toBe(refusal.stsCalls ?? 0);
    },
  );

  it('of a limit has Retry-After and the state of the limit', async () => {
    const limited = await startTestBroker({
      config: `${SIMPLE_CONFIG}${ON}limits: { subject: { requests: 3, window: 24h } }\n`,
    });
    const [xml, json] = [throughWebIdentity(limited), throughContainer(limited)];
    // the surfaces count together
    const granted = [await xml.ask(), await json.ask(), await limited.ask()];
    const third = await xml.ask();
    const fourth = await json.ask();
    await limited.close();

    expect(granted.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(granted[0]?.headers.get('ratelimit')).toMatch(/^"subject";r=2;t=\d+$/);
    expectXml(third, 'rate_limited');
    expectJson(fourth, 'rate_limited');
    for (const { headers } of [third, fourth]) {
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
      expect(headers.get('ratelimit')).toMatch(/^"subject";r=0;t=\d+$/);
    }
  });

  it('of refused tokens is counted together with those of the native API', async () => {
    const limited = await startTestBroker({
      config: `${SIMPLE_CONFIG}${ON}limits: { refusedTokens: { requests: 3, window: 1h } }\n`,
    });
    const [xml, json] = [throughWebIdentity(limited), throughContainer(limited)];
    for (const door of [xml, json, limited]) await door.ask({ token: 'a.b.c' });
    const fourth = await xml.ask();
    const fifth = await json.ask();
    await limited.close();

    expectXml(fourth, 'rate_limited');
    expectJson(fifth, 'rate_limited');
  });

  it('of a token that was used on another surface says so', async () => {
    const once = await startTestBroker({
      config: `${SIMPLE_CONFIG.replace('    types:', '    oneTimeTokens: true\n    types:')}${ON}`,
    });
    const token = await once.issuer.token({ jti: 'once' });
    const native = await once.ask({ token });
    const xml = await throughWebIdentity(once).ask({ token });
    const json = await throughContainer(once).ask({ token });
    await once.close();

    expect(native.status).toBe(200);
    expectXml(xml, 'token_replayed');
    expectJson(json, 'token_replayed');
  });

  it('of a lost audit log is a refusal without a credential', async () => {
    const lost = await startTestBroker({
      config: `${SIMPLE_CONFIG}${ON}`,
      write: () => Promise.reject(new Error('disk full')),
    });
    const xml = await throughWebIdentity(lost).ask();
    const json = await throughContainer(lost).ask();
    await lost.close();

    expectXml(xml, 'audit_unavailable');
    expectJson(json, 'audit_unavailable');
  });
});

function expectAudited(
  { headers }: Answer,
  lines: readonly Readonly<Record<string, unknown>>[],
  refusal: (typeof REFUSAL_CASES)[number],
): void {
  const { 'Retry-After': retryAfter } = refusal.headers ?? {};
  if (retryAfter !== undefined) expect(headers.get('retry-after')).toMatch(retryAfter);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    surface: 'aws',
    decision: 'refused',
    reason: refusal.reason,
    requestId: headers.get('x-request-id'),
  });
}
