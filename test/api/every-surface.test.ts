/** What holds of the refusals of every surface that shares limits, tokens and the audit log with the native API. */
import { describe, expect, it } from 'vitest';
import { errorFor as awsErrorFor } from '../../src/api/aws/errors.ts';
import { errorFor as stsErrorFor } from '../../src/api/sts/errors.ts';
import { errorFor as oauthErrorFor } from '../../src/api/token-exchange/errors.ts';
import type { Reason, Refusal } from '../../src/refusal.ts';
import { REFUSALS } from '../refusals/kinds.ts';
import { elementOf, throughContainer, throughWebIdentity } from '../support/aws.ts';
import { type Answer, SIMPLE_CONFIG, startTestBroker } from '../support/broker.ts';
import { throughSts } from '../support/sts-door.ts';
import { throughTokenExchange } from '../support/token-exchange.ts';

/** The error that an answer shows, in the words of its protocol. */
const inJson =
  (...names: readonly string[]) =>
  ({ status, body }: Answer) => ({ status, text: names.map((name) => body[name]) });
const inXml = ({ status, text }: Answer) => ({
  status,
  text: [elementOf(text, 'Code'), elementOf(text, 'Message')],
});
const toAwsError = (refusal: Refusal) => {
  const { status, code, message } = awsErrorFor(refusal);
  return { status, text: [code, message] };
};

const SURFACES = [
  {
    surface: 'token exchange',
    setting: 'surfaces: { tokenExchange: true }\n',
    through: throughTokenExchange,
    toError: (refusal: Refusal) => {
      const { status, error, description } = oauthErrorFor(refusal);
      return { status, text: [error, description] };
    },
    errorOf: inJson('error', 'error_description'),
  },
  {
    surface: 'STS-compatible API',
    setting: 'surfaces: { sts: true }\n',
    through: throughSts,
    toError: (refusal: Refusal) => {
      const { status, code, message } = stsErrorFor(refusal);
      return { status, text: [code, message] };
    },
    errorOf: inJson('Code', 'Message'),
  },
  {
    surface: 'AssumeRoleWithWebIdentity of AWS',
    setting: 'surfaces: { aws: true }\n',
    through: throughWebIdentity,
    toError: toAwsError,
    errorOf: inXml,
  },
  {
    surface: 'container credentials of AWS',
    setting: 'surfaces: { aws: true }\n',
    through: throughContainer,
    toError: toAwsError,
    errorOf: inJson('Code', 'Message'),
  },
] as const;

describe.each(SURFACES)('a refusal of the $surface', ({ setting, through, toError, errorOf }) => {
  const start = (
    limits = '',
    options: Omit<Parameters<typeof startTestBroker>[0], 'config'> = {},
  ) => startTestBroker({ config: `${SIMPLE_CONFIG}${setting}${limits}`, ...options });

  function expectRefused(answer: Answer, reason: Reason): void {
    const refusal = REFUSALS.find((one) => one.reason === reason);
    if (refusal === undefined) throw new Error(`no refusal has the reason ${reason}`);
    expect(errorOf(answer)).toEqual(toError(refusal));
  }

  it('for a limit has Retry-After and the state of the limit', async () => {
    const broker = await start('limits: { subject: { requests: 2, window: 24h } }\n');
    const door = through(broker);
    const first = await door.ask();
    // the surfaces count together
    const second = await broker.ask();
    const third = await door.ask();
    await broker.close();

    expect([first, second].map(({ status }) => status)).toEqual([200, 200]);
    expect(first.headers.get('ratelimit')).toMatch(/^"subject";r=1;t=\d+$/);
    expectRefused(third, 'rate_limited');
    expect(third.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(third.headers.get('ratelimit')).toMatch(/^"subject";r=0;t=\d+$/);
  });

  it('for its token is counted together with those of the native API', async () => {
    const broker = await start('limits: { refusedTokens: { requests: 2, window: 1h } }\n');
    const door = through(broker);
    const refused = await door.ask({ token: 'a.b.c' });
    const native = await broker.ask({ token: 'a.b.c' });
    const third = await door.ask();
    await broker.close();

    expectRefused(refused, 'token_malformed');
    expect(native.status).toBe(401);
    expectRefused(third, 'rate_limited');
  });

  it('for a token that was used on another surface says so', async () => {
    const broker = await startTestBroker({
      config: `${SIMPLE_CONFIG.replace('    types:', '    oneTimeTokens: true\n    types:')}${setting}`,
    });
    const token = await broker.issuer.token({ jti: 'once' });
    const native = await broker.ask({ token });
    const again = await through(broker).ask({ token });
    await broker.close();

    expect(native.status).toBe(200);
    expectRefused(again, 'token_replayed');
  });

  it('for a lost audit log has no credential', async () => {
    const broker = await start('', { write: () => Promise.reject(new Error('disk full')) });
    const answer = await through(broker).ask();
    await broker.close();

    expectRefused(answer, 'audit_unavailable');
    expect(answer.text).not.toContain('STS.');
  });
});
