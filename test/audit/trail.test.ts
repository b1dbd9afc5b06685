import { describe, expect, it } from 'vitest';
import {
  type AuditFacts,
  type AuditLine,
  createAuditLog,
  MAX_LINE_BYTES,
  type RecordAudit,
} from '../../src/audit/line.ts';
import { openAuditTrail } from '../../src/audit/trail.ts';
import { RefusalError, refuse } from '../../src/refusal.ts';
import { hostileString } from '../support/hostile-strings.ts';
import { fc } from '../support/seeded.ts';

const STARTED_AT_MS = Date.UTC(2026, 10, 23, 19, 0, 0);

function arrange(recordAudit?: RecordAudit) {
  const lines: AuditLine[] = [];
  const clock = { nowMs: STARTED_AT_MS };
  const keep: RecordAudit = async (line) => {
    lines.push(line);
  };
  const trail = openAuditTrail({
    surface: 'native',
    requestId: 'REQUEST-1',
    configRevision: 'abc',
    now: () => clock.nowMs,
    recordAudit: recordAudit ?? keep,
  });
  return { trail, lines, clock };
}

const FACTS: AuditFacts = {
  callerAddress: '203.0.113.7',
  issuerName: 'app',
  subject: 'user-1',
  claims: [{ key: '"plan"', value: '"pro"' }],
  grant: 'user-files',
};

describe('the audit trail', () => {
  it('records a granted request as one line with all known facts', async () => {
    const { trail, lines, clock } = arrange();
    trail.add({ callerAddress: '203.0.113.7', issuerName: 'app' });
    trail.add(FACTS);
    clock.nowMs += 25;
    await trail.recordGranted();

    expect(lines).toEqual([
      {
        version: 1,
        time: '2026-11-23T19:00:00.025Z',
        requestId: 'REQUEST-1',
        surface: 'native',
        decision: 'granted',
        ...FACTS,
        configRevision: 'abc',
        totalMs: 25,
      },
    ]);
  });

  it('records a refusal as one line with its reason and facts, and returns the error to throw', async () => {
    const { trail, lines } = arrange();
    trail.add(FACTS);
    const refusal = refuse({ reason: 'target_outside_grant', grants: ['user-files'] });

    expect(await trail.recordRefused(refusal)).toBe(refusal);
    expect(lines).toEqual([
      {
        version: 1,
        time: '2026-11-23T19:00:00.000Z',
        requestId: 'REQUEST-1',
        surface: 'native',
        decision: 'refused',
        reason: 'target_outside_grant',
        why: { grants: ['user-files'] },
        ...FACTS,
        configRevision: 'abc',
        totalMs: 0,
      },
    ]);
  });

  it('writes no why for a reason without facts', async () => {
    const { trail, lines } = arrange();
    await trail.recordRefused(refuse({ reason: 'token_missing' }));
    expect(lines[0]).toMatchObject({ reason: 'token_missing' });
    expect(lines[0]).not.toHaveProperty('why');
  });

  it('lets the facts of a refusal set no member of the line', async () => {
    const { trail, lines } = arrange();
    await trail.recordRefused(refuse({ reason: 'permission_outside_grant', grant: 'other' }));
    expect(lines[0]).toMatchObject({ decision: 'refused', why: { grant: 'other' } });
    expect(lines[0]).not.toHaveProperty('grant');
  });
});

const BROKEN: readonly (readonly [string, RecordAudit])[] = [
  ['rejects', () => Promise.reject(new Error('disk full'))],
  [
    'throws',
    () => {
      throw new Error('disk full');
    },
  ],
];

describe.each(BROKEN)('the audit trail with a log that %s', (_how, recordAudit) => {
  it('grants nothing', async () => {
    const { trail } = arrange(recordAudit);
    await expect(trail.recordGranted()).rejects.toMatchObject({
      refusal: { reason: 'audit_unavailable' },
    });
  });

  it('keeps each refusal and its reason', async () => {
    const { trail } = arrange(recordAudit);
    const refusal = refuse({ reason: 'token_missing' });
    expect(await trail.recordRefused(refusal)).toBe(refusal);
  });
});

describe('the audit trail of a defect', () => {
  /** Records something that is not a refusal. */
  async function recorded(thrown: unknown) {
    const { trail, lines } = arrange();
    const { refusal } = await trail.recordRefused(thrown);
    return { refusal, why: lines[0]?.why };
  }

  it('records an internal error with the name and the place, without the message', async () => {
    const { refusal, why } = await recorded(new TypeError('canary'));
    expect(refusal).toEqual({ reason: 'internal_error' });
    expect(why).toEqual({ problem: expect.stringMatching(/^TypeError at .*trail\.test\.ts/) });
    expect(JSON.stringify(why)).not.toContain('canary');
  });

  it.each(['two\n    at canary (lines)', 'at canary', '\nat canary', '$& canary $`\n at canary'])(
    'shows no line of the message %j that looks like a stack frame',
    async (message) => {
      const { why } = await recorded(new Error(message));
      expect(why).toEqual({ problem: expect.stringMatching(/^Error at .*trail\.test\.ts/) });
      expect(JSON.stringify(why)).not.toContain('canary');
    },
  );

  it.each<[unknown]>([['canary'], [undefined], [null], [{ message: 'canary' }]])(
    'records an internal error if %j was thrown',
    async (thrown) => {
      const { refusal, why } = await recorded(thrown);
      expect(refusal).toEqual({ reason: 'internal_error' });
      expect(why).toEqual({ problem: 'something other than an Error was thrown' });
    },
  );

  it('records the name of an error without a stack', async () => {
    const error = new RangeError('canary');
    Reflect.deleteProperty(error, 'stack');
    expect((await recorded(error)).why).toEqual({ problem: 'RangeError' });
  });

  it('does not take an error that looks like a refusal for one', async () => {
    const lookalike = Object.assign(new Error('x'), { refusal: { reason: 'token_missing' } });
    expect((await recorded(lookalike)).refusal).toEqual({ reason: 'internal_error' });
    expect(lookalike).not.toBeInstanceOf(RefusalError);
  });
});

/** Characters that some log readers treat as the end of a line. */
const LINE_ENDS = /[\p{Cc}\p{Zl}\p{Zp}]/u;

describe('an audit line', () => {
  const LINE: AuditLine = {
    version: 1,
    time: '2026-11-23T19:00:00.000Z',
    requestId: 'REQUEST-1',
    surface: 'native',
    decision: 'refused',
    configRevision: 'abc',
    totalMs: 1,
  };

  async function write(facts: AuditFacts): Promise<string> {
    let written = '';
    await createAuditLog(async (text) => {
      written += text;
    })({ ...LINE, ...facts });
    return written;
  }

  it('is JSON and ends in one line feed', async () => {
    expect(await write({ subject: 'Ann 用户 😀' })).toBe(
      `${JSON.stringify({ ...LINE, subject: 'Ann 用户 😀' })}\n`,
    );
  });

  it.each([
    'x\n{"decision":"granted"}',
    'x\r\n{"decision":"granted"}',
    'x\u2028{"decision":"granted"}',
    'x\u2029{"decision":"granted"}',
    'x\u0085{"decision":"granted"}',
    '\u001b[2J\u009b2Jx',
    '\u202egnp.exe\u2066',
    'a\u200bb\ufeff\u{e0041}',
    'x","decision":"granted',
    '\\u2028\\',
  ])('neither ends early nor misleads its reader, for the subject %j', async (subject) => {
    const text = await write({ subject });
    const line = text.slice(0, -1);
    expect(line).not.toMatch(LINE_ENDS);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(JSON.parse(line)).toEqual({ ...LINE, subject });
  });

  it('is one line that parses back to every text unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(hostileString, hostileString, async (subject, value) => {
        const facts = { subject, claims: [{ key: value, value }] };
        const text = await write(facts);
        expect(text.endsWith('\n')).toBe(true);
        expect(text.slice(0, -1)).not.toMatch(LINE_ENDS);
        if ('shortened' in JSON.parse(text))
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_LINE_BYTES);
        else expect(JSON.parse(text)).toEqual({ ...LINE, ...facts });
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 500) },
    );
  });
});
