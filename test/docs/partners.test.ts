/** The walk of a partner without an issuer: from a key pair to an upload, a rotation and each refusal. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { letClockRun, passTime, stopClock } from '../faults/clock.ts';
import type { TestBroker } from '../support/broker.ts';
import { createTestIssuer } from '../support/issuer.ts';
import { loadSnippet } from './browser-snippet.ts';
import { expectStop, expectUpload } from './callers.ts';
import { blockWith } from './pages.ts';
import {
  loadGetSubjectToken,
  type Partner,
  STEPS,
  startOperator,
  startPartner,
} from './partner-walk.ts';
import { namesIn, sectionOf } from './sections.ts';
import { missingPrograms } from './shell.ts';

const MINUTE_MS = 60_000;
const MISSING = missingPrograms('curl jq ');

let partner: Partner;
let brokers: TestBroker[] = [];

beforeEach(async () => {
  partner = startPartner();
  await partner.run(STEPS.makeKey.text);
});

afterEach(async () => {
  await Promise.all(brokers.map((broker) => broker.close()));
  brokers = [];
  partner.leave();
  letClockRun();
});

async function operator(...args: Parameters<typeof startOperator>): Promise<TestBroker> {
  const broker = await startOperator(...args);
  brokers.push(broker);
  return broker;
}

describe.skipIf(MISSING.length > 0)('a partner without an issuer', () => {
  it('makes a key pair whose private half stays with it', () => {
    const [key, another] = partner.jwks().keys;

    expect(another).toBeUndefined();
    expect(Object.keys(key ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(statSync(join(partner.folder, '2026-11.private.pem')).mode & 0o777).toBe(0o600);
  });

  it('keeps a private key that a second run would overwrite', async () => {
    const { code, stderr } = await partner.run(STEPS.makeKey.text);

    expect(code).not.toBe(0);
    expect(stderr).toContain('EEXIST');
    expect(partner.jwks().keys).toHaveLength(1);
  });

  it('uploads with a subject token of its own, and stops without one', async () => {
    const broker = await operator({ jwks: partner.jwks() });

    await expectUpload(await partner.upload(broker), { broker }, 'partners/acme/');
    expectStop(await partner.upload(broker, 'TOKEN=x\n'));
  });

  it('uploads for hours with the example of the README', async () => {
    stopClock();
    const broker = await operator({ jwks: partner.jwks() });
    process.env['KEY_ID'] = '2026-11';
    const example = blockWith('README.md', 'js', "from 'ali-oss'");
    const text = example.text
      .replace('user-files', 'acme-reports')
      .replace('video.mp4', 'report.csv');
    const { client, prefix } = await loadSnippet(
      { ...example, text },
      {
        brokerUrl: broker.url,
        getSubjectToken: await loadGetSubjectToken(partner),
        file: Buffer.from('1,2'),
      },
    );
    for (let minute = 0; minute < 120; minute += 5) {
      passTime(5 * MINUTE_MS);
      const { res } = await client.put(`${prefix}${minute}.csv`, Buffer.from('1,2'));
      expect(res.status).toBe(200);
    }
    expect(prefix).toBe('partners/acme/');
    expect(broker.stsCalls()).toBeGreaterThan(5);
  });

  it('rotates its key without a refusal, and ends with the next key alone', async () => {
    const next = STEPS.makeToken.text.replace('2026-11', '2026-12');
    await partner.run(STEPS.makeNextKey.text);
    const both = await operator({ jwks: partner.jwks() });
    await expectUpload(await partner.upload(both), { broker: both }, 'partners/acme/');
    await expectUpload(await partner.upload(both, next), { broker: both }, 'partners/acme/');
    const old = await partner.token();

    const removed = await partner.run(STEPS.removeOldKey.text);
    expect(removed).toMatchObject({ code: 0, stderr: '' });
    expect(partner.jwks().keys.map(({ kid }) => kid)).toEqual(['2026-12']);
    expect(existsSync(join(partner.folder, '2026-11.private.pem'))).toBe(false);
    const one = await operator({ jwks: partner.jwks() });
    await expectUpload(await partner.upload(one, next), { broker: one }, 'partners/acme/');
    expect((await one.ask({ token: old })).body['code']).toBe('subject_token_invalid');
    expect(one.auditLines().at(-1)).toMatchObject({ reason: 'key_unknown' });
  });

  it('publishes its keys, and rotates them without the operator', async () => {
    const publishedBy = await createTestIssuer();
    publishedBy.publish(partner.jwks());
    const broker = await operator({ publishedBy });
    expect((await broker.ask({ token: await partner.token() })).status).toBe(200);

    await partner.run(STEPS.makeNextKey.text);
    publishedBy.publish(partner.jwks());
    broker.clock.offsetMs += 30_000;
    const next = await partner.token(undefined, '2026-12');
    expect((await broker.ask({ token: next })).status).toBe(200);

    await partner.run(STEPS.removeOldKey.text);
    publishedBy.publish(partner.jwks());
    broker.clock.offsetMs += 15 * MINUTE_MS;
    const old = await broker.ask({ token: await tokenOfRemovedKey(broker) });
    expect(old.body['code']).toBe('subject_token_invalid');
    expect(broker.auditLines().at(-1)).toMatchObject({ reason: 'key_unknown' });
    await publishedBy.close();
  });
});

/** A key with the id of the one that was removed, since that one is deleted. */
async function tokenOfRemovedKey(broker: TestBroker): Promise<string> {
  const other = startPartner();
  await other.run(STEPS.makeKey.text);
  const later = Math.floor((Date.now() + broker.clock.offsetMs) / 1000);
  const token = await other.token((text) =>
    text.replace('Math.floor(Date.now() / 1000)', String(later)),
  );
  other.leave();
  return token;
}

interface Refusal {
  readonly code: string;
  readonly of: string;
  readonly change?: (program: string) => string;
  readonly changes?: Parameters<typeof startOperator>[1];
  readonly options?: Parameters<TestBroker['ask']>[0];
  /** The refusal is that of the second request. */
  readonly again?: boolean;
  /** The keys are published, by an issuer that does not answer. */
  readonly unpublished?: boolean;
  readonly audited?: object;
}

const replace = (from: string, to: string) => (program: string) => {
  if (!program.includes(from)) throw new Error(`the program has no ${from}`);
  return program.replace(from, to);
};
const asking = (body: object) => ({ options: { body: { Grant: 'acme-reports', ...body } } });

const INVALID: readonly Refusal[] = [
  {
    of: 'an issuer with a slash too many',
    change: replace("'https://acme.example'", "'https://acme.example/'"),
    audited: { reason: 'issuer_untrusted' },
  },
  {
    of: 'another audience',
    change: replace("aud: 'oss", "aud: 'another-oss"),
    audited: { reason: 'audience_mismatch' },
  },
  {
    of: 'a key id that the operator does not have',
    change: replace("'ES256', kid", "'ES256', kid: '2026-10'"),
    audited: { reason: 'key_unknown' },
  },
  {
    of: 'a signature in DER',
    change: replace("'ieee-p1363'", "'der'"),
    audited: { reason: 'signature_invalid' },
  },
  {
    of: 'a clock that is fast',
    change: replace('iat: now', 'iat: now + 60'),
    audited: { reason: 'token_not_yet_valid' },
  },
  {
    of: 'an instant in quotes',
    change: replace('exp: now + 1200', 'exp: String(now + 1200)'),
    audited: { reason: 'claim_invalid' },
  },
  {
    of: 'a missing subject',
    change: replace("    sub: 'nightly-report',\n", ''),
    audited: { reason: 'claim_invalid' },
  },
].map((refusal) => ({ code: 'subject_token_invalid', ...refusal }));

const REFUSALS: readonly Refusal[] = [
  ...INVALID,
  { code: 'subject_token_required', of: 'no header', options: { token: null } },
  {
    code: 'subject_token_expired',
    of: 'an old subject token',
    change: replace('exp: now + 1200', 'exp: now - 60'),
  },
  {
    code: 'subject_token_expired',
    of: 'a subject token that is older than maxTokenAge',
    change: replace('iat: now', 'iat: now - 1000'),
    audited: { reason: 'token_too_old' },
  },
  {
    code: 'subject_token_replayed',
    of: 'a second use',
    changes: { issuer: { oneTimeTokens: true } },
    again: true,
  },
  { code: 'no_grant', of: 'another program', change: replace("'nightly-report'", "'other'") },
  { code: 'target_outside_grant', of: 'elsewhere', ...asking({ Target: 'oss://app-media/x/' }) },
  { code: 'permission_outside_grant', of: 'reading', ...asking({ Permissions: ['read'] }) },
  { code: 'duration_outside_grant', of: 'a long time', ...asking({ DurationSeconds: 7200 }) },
  {
    code: 'subject_token_life_too_short',
    of: 'a subject token of 15 minutes and a strict grant',
    change: replace('exp: now + 1200', 'exp: now + 900 - 1'),
    changes: { grant: { duration: { strict: true } } },
  },
  { code: 'invalid_request', of: 'an unknown member', ...asking({ target: 'x' }) },
  { code: 'invalid_target', of: 'no target', ...asking({ Target: 'partners/acme/' }) },
  {
    code: 'rate_limited',
    of: 'one request too many',
    changes: { limits: { issuer: { requests: 1, window: '1m' } } },
    again: true,
  },
  { code: 'issuer_unavailable', of: 'keys that are not published', unpublished: true },
];

describe.skipIf(MISSING.length > 0)('the table of refusals', () => {
  it('has each code that a partner can get rid of', () => {
    const shown = namesIn(sectionOf('docs/partners.md', 'If the broker refuses'), 2);
    const codes = new Set(REFUSALS.map(({ code }) => code));

    expect(shown.filter((name) => !codes.has(name) && /^[a-z]+_[a-z_]+$/.test(name))).toEqual([]);
    expect([...codes].filter((code) => !shown.includes(code))).toEqual([]);
  });

  it.each(REFUSALS)('has $code for $of', async (refusal) => {
    const { code, change, changes = {}, options = {}, again, unpublished, audited } = refusal;
    const issuer = await createTestIssuer();
    issuer.fault('jwks', { kind: 'status', status: 500 });
    const keys = unpublished ? { publishedBy: issuer } : { jwks: partner.jwks() };
    const broker = await operator(keys, changes);
    const token = await partner.token(change);
    if (again) expect((await broker.ask({ token, ...options })).status).toBe(200);
    const { body } = await broker.ask({ token, ...options });
    await issuer.close();

    expect(body['code']).toBe(code);
    expect(broker.auditLines().at(-1)).toMatchObject(audited ?? { decision: 'refused' });
  });
});

describe.skipIf(MISSING.length > 0)('the broker with the subject token of the page', () => {
  it('also grants where the grant is strict and subject tokens are for one use', async () => {
    const broker = await operator(
      { jwks: partner.jwks() },
      { issuer: { oneTimeTokens: true }, grant: { duration: { strict: true } } },
    );

    expect((await broker.ask({ token: await partner.token() })).status).toBe(200);
    expect((await broker.ask({ token: await partner.token() })).status).toBe(200);
  });
});
