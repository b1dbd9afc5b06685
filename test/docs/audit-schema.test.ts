/** The documented schema of the audit lines is that of the lines that a broker writes. */
import { describe, expect, it } from 'vitest';
import { REASONS } from '../../src/api/http/public-code.ts';
import { MAX_LINE_BYTES } from '../../src/audit/line.ts';
import { keepCircuitClosed, REFUSAL_CASES, REFUSALS_CONFIG } from '../refusals/cases.ts';
import { REFUSALS } from '../refusals/kinds.ts';
import { throughWebIdentity } from '../support/aws.ts';
import { startTestBroker } from '../support/broker.ts';
import {
  makeUrl,
  pathOf,
  TICKET_ENVIRONMENT,
  URLS_ON,
  useUrl,
} from '../support/credential-urls.ts';
import { toObject } from '../support/declared.ts';
import { throughSts } from '../support/sts-door.ts';
import { documentedMembers, documentedReasons, membersOf } from './audit-schema.ts';
import { PAGES } from './pages.ts';

/** Grants with misfits so long that no line has room for them. */
const neverFitting = (count: number) =>
  Array.from(
    { length: count },
    (_, n) => `  - name: never-${n}
    issuer: app
    when: [{ claim: ${'n'.repeat(300)}, equals: x }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/never-${n}/", permissions: [read] }]
`,
  ).join('');

/** Something of every kind: every refusal, a grant, a report and a line that was cut. */
async function linesOfEveryKind() {
  const config = `${REFUSALS_CONFIG}  - name: on-trial
    issuer: app
    mode: report
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
${neverFitting(420)}audit: { claims: [plan, note] }
`;
  const broker = await startTestBroker({
    config: `${config}${URLS_ON}`,
    environment: TICKET_ENVIRONMENT,
  });
  for (const refusal of REFUSAL_CASES) {
    await keepCircuitClosed(broker, refusal);
    await refusal.ask(broker);
  }
  await broker.ask({
    claims: { plan: 'basic', sub: 'granted', jti: 'a', note: 'x' },
    headers: { 'X-Forwarded-For': '203.0.113.7' },
    body: {
      Grant: 'user-files',
      Target: 'oss://app-media/users/granted/',
      Permissions: ['read'],
      DurationSeconds: 900,
    },
  });
  await useUrl(broker, pathOf(await makeUrl(broker, { claims: { plan: 'basic' } })));
  await throughWebIdentity(broker).ask({
    claims: { plan: 'basic' },
    body: { Grant: 'user-files' },
  });
  await throughSts(broker).ask({
    claims: { plan: 'basic', sub: 'granted' },
    body: { Policy: '{}' },
  });
  const groups = Array.from({ length: 900 }, (_, n) => `${n}`);
  await broker.ask({ claims: { plan: 'teams', groups } });
  await broker.ask({ claims: { plan: 'none' } });
  const lines = broker.auditLines();
  await broker.close();
  return lines;
}

describe('the documented members of an audit line', () => {
  it('are those that audit lines have, with their types', async () => {
    const lines = await linesOfEveryKind();
    const seen = new Map(lines.flatMap((line) => membersOf(line)));

    expect(lines.length).toBeGreaterThan(REFUSAL_CASES.length);
    expect(Object.fromEntries([...seen].sort())).toEqual(
      Object.fromEntries([...documentedMembers()].sort()),
    );
    expect(new Set(lines.map(({ version }) => version))).toEqual(new Set([1]));
  });

  it('are bounded as the page says', () => {
    const { text = '' } = PAGES.find(({ path }) => path === 'docs/operations.md') ?? {};

    expect(text).toContain(`32 KiB** (${MAX_LINE_BYTES.toLocaleString('en')} bytes)`);
  });
});

describe('the documented reasons', () => {
  it('are all reasons', () => {
    expect([...documentedReasons().keys()].sort()).toEqual([...REASONS].sort());
  });

  it.each(REFUSALS)('have the facts of $reason', (refusal) => {
    const { reason, ...facts } = toObject(refusal);
    // the trail adds where a defect is
    const added = reason === 'internal_error' ? ['problem'] : [];

    expect([...(documentedReasons().get(String(reason)) ?? [])].sort()).toEqual(
      [...Object.keys(facts), ...added].sort(),
    );
  });
});
