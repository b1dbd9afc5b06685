import { describe, expect, it } from 'vitest';
import { isSourceCredentialsCode, refusalForStsError } from '../../src/sts/errors.ts';
import { HOSTILE_STRINGS } from '../support/hostile-strings.ts';

const ASKED = { roleArn: 'acs:ram::123456789012:role/oss-uploader', durationSeconds: 7200 };

/** The SDK's messages contain the whole URL, with policy and key. */
const CANARY = 'https://sts.aliyuncs.com/?Policy=%7Bcanary%7D&AccessKeyId=canary';

interface SdkError {
  readonly name?: string;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly retryAfter?: unknown;
  readonly requestId?: unknown;
  readonly message?: string;
}

const refusalFor = ({ message = CANARY, ...members }: SdkError) =>
  refusalForStsError(Object.assign(new Error(message), members), ASKED);

describe('an error of STS', () => {
  it.each([
    ['Throttling', undefined, 1],
    ['Throttling.User', undefined, 1],
    ['Throttling.Api', 1500, 2],
    ['Throttling', 1, 1],
    ['Throttling', 60_000, 60],
    ['Throttling', 86_400_000, 60],
    ['Throttling', -5, 1],
    ['Throttling', Number.NaN, 1],
    ['Throttling', '2000', 1],
    ['Throttling', Number.POSITIVE_INFINITY, 1],
  ])(
    '%s with a retry after %s ms becomes throttling for %i s',
    (code, retryAfter, retryAfterSeconds) => {
      expect(refusalFor({ code, statusCode: 400, retryAfter })).toEqual({
        reason: 'sts_throttled',
        retryAfterSeconds,
      });
    },
  );

  it.each([
    ['InvalidAccessKeyId.NotFound', 'the AccessKey does not exist'],
    ['InvalidAccessKeyId.Inactive', 'disabled'],
    ['InvalidAccessKeyId', 'do not belong together'],
    ['InvalidSecurityToken.Expired', 'have expired'],
    ['InvalidSecurityToken.Malformed', 'do not belong together'],
    ['InvalidSecurityToken.MismatchWithAccessKey', 'do not belong together'],
    ['MissingSecurityToken', 'do not belong together'],
    ['SignatureDoesNotMatch', 'does not belong to the AccessKeyId'],
  ])('%s becomes a refusal about the source credentials', (code, hint) => {
    expect(isSourceCredentialsCode(code)).toBe(true);
    for (const statusCode of [400, 403, 404]) {
      expect(refusalFor({ code, statusCode })).toEqual({
        reason: 'source_credentials_unavailable',
        problem: expect.stringMatching(new RegExp(`^STS answered ${code}: .*${hint}`)),
      });
    }
  });

  it.each<[unknown, unknown]>([
    ['InternalError', 500],
    ['InternalError', 400],
    ['ServiceUnavailable', 503],
    ['SomethingElse', 502],
    [undefined, 500],
    ['', 599],
  ])('%s with the status %s means that STS is unavailable', (code, statusCode) => {
    const refusal = refusalFor({ code, statusCode });
    expect(refusal).toMatchObject({ reason: 'sts_unavailable', retryAfterSeconds: 1 });
    expect(JSON.stringify(refusal)).toContain(`${code || statusCode}`);
  });

  it.each([
    ['NoPermission', '', /sts:AssumeRole on acs:ram::123456789012:role\/oss-uploader, and name/],
    ['NoPermission', 'You are not authorized by RAM', /own side is missing/],
    ['NoPermission', 'Roles may not be assumed by root accounts.', /use a RAM user or a RAM role/],
    ['EntityNotExist.Role', '', /role acs:ram::123456789012:role\/oss-uploader does not exist/],
    ['InvalidParameter.DurationSeconds', '', /does not allow 7200 s.*--RoleName oss-uploader/],
    ['InvalidParameter.ExternalId', '', /externalId/],
    ['InvalidTimeStamp.Expired', '', /clock/],
    ['InvalidParameter.PolicyGrammar', '', /api-assumerole for InvalidParameter.PolicyGrammar$/],
  ])('%s ("%s") becomes an STS refusal with a hint', (code, message, hint) => {
    expect(isSourceCredentialsCode(code)).toBe(false);
    const error = { code, message, statusCode: 403, requestId: 'A1B2-C3' };
    expect(refusalFor(error)).toEqual({
      reason: 'sts_refused',
      stsCode: code,
      hint: expect.stringMatching(hint),
      stsRequestId: 'A1B2-C3',
    });
  });

  it('has no request ID if STS sends none or a malformed one', () => {
    for (const requestId of [undefined, '', 7, 'a b', 'x'.repeat(65), `"${CANARY}"`]) {
      expect(refusalFor({ code: 'NoPermission', statusCode: 403, requestId })).not.toHaveProperty(
        'stsRequestId',
      );
    }
  });
});

describe('an error of the connection', () => {
  it.each<[SdkError, string]>([
    [{ code: 'ECONNREFUSED' }, 'the connection failed (ECONNREFUSED)'],
    [{ code: 'ENOTFOUND' }, 'the connection failed (ENOTFOUND)'],
    [{ name: 'RequestTimeoutError' }, 'the connection timed out'],
    [
      { name: 'SyntaxError' },
      'the answer is not JSON: STS throttled with a redirect, or a proxy answered instead of STS',
    ],
    [{}, 'no connection'],
    [{ code: 'Weird' }, 'no connection'],
    [{ code: 42, statusCode: '500' }, 'no connection'],
  ])('%j is reported as: %s', (error, problem) => {
    expect(refusalFor(error)).toEqual({ reason: 'sts_unavailable', problem, retryAfterSeconds: 1 });
  });
});

describe('any other thrown value', () => {
  it.each<[unknown]>([[undefined], [null], ['text'], [7], [{}], [[]], [Symbol('s')], [() => {}]])(
    'is reported as no connection: %o',
    (thrown) => {
      expect(refusalForStsError(thrown, ASKED)).toEqual({
        reason: 'sts_unavailable',
        problem: 'no connection',
        retryAfterSeconds: 1,
      });
    },
  );
});

describe('a refusal', () => {
  it('contains nothing of the message, which can contain the whole request', () => {
    for (const code of [
      'NoPermission',
      'InternalError',
      'ECONNRESET',
      'SignatureDoesNotMatch',
      '',
    ]) {
      for (const statusCode of [undefined, 400, 500]) {
        expect(JSON.stringify(refusalFor({ code, statusCode }))).not.toContain('canary');
      }
    }
  });

  it('does not repeat a malformed code', () => {
    for (const hostile of HOSTILE_STRINGS.filter((text) => !/^[A-Za-z0-9_.]{1,100}$/.test(text))) {
      for (const statusCode of [undefined, 400, 500]) {
        const refusal = refusalFor({ code: `canary${hostile}`, statusCode });
        expect(refusal.reason).toBe('sts_unavailable');
        expect(JSON.stringify(refusal)).not.toContain('canary');
      }
    }
  });
});
