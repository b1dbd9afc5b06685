/** The questions of the incident runbook: run on the lines of a broker on which the incidents happened. */
import { expect } from 'vitest';
import { makeUrl, pathOf, useUrl } from '../support/credential-urls.ts';
import { everyCallerConfig } from './configs.ts';
import type { Rule } from './rules.ts';
import { runShell, syntaxProblem } from './shell.ts';
import { startWorld } from './world.ts';

const PAGE = 'docs/incidents.md';

/** What jq must print for each question, as patterns of all its lines. By a part of its text. */
const ANSWERS: readonly (readonly [mark: string, expected: readonly RegExp[]])[] = [
  [
    '$TOKEN_ID',
    [
      /^\["20[^"]*Z","granted","127.0.0.1","STS\.[^"]*","20[^"]*Z"\]$/,
      /^\["20[^"]*Z","refused","127.0.0.1",null,null\]$/,
    ],
  ],
  ['stsRequestId', [/^[0-9A-F-]{36}$/, /^[0-9A-F-]{36}$/, /^[0-9A-F-]{36}$/]],
  [
    '$ISSUER',
    [
      / 4 \["user-files",\["oss:\/\/app-media\/users\/42\/"\]\]$/,
      / 1 \["user-files",\["oss:\/\/app-media\/users\/43\/"\]\]$/,
    ],
  ],
  [
    '"sts_throttled")',
    [
      / 1 \["acme","nightly-report"\]$/,
      / 1 \["app","42"\]$/,
      / 1 \["app","43"\]$/,
      / 1 \["app","44"\]$/,
    ],
  ],
  [
    '[.configRevision[:12]',
    [
      / 5 \["[0-9a-f]{12}","granted","user-files",null\]$/,
      / 1 \["[0-9a-f]{12}","granted","acme-reports",null\]$/,
      / 1 \["[0-9a-f]{12}","refused",null,"grant_not_available"\]$/,
      / 1 \["[0-9a-f]{12}","refused","user-files","sts_throttled"\]$/,
    ],
  ],
  [
    '$REVISION',
    [/^\["STS\.[^"]*","app","42",\["oss:\/\/app-media\/users\/42\/"\],"20/, /"43"/, /"acme"/],
  ],
  [
    '$TICKET_ID',
    [/^\["20[^"]*Z","granted","127.0.0.1",null,"20/, /^\["20[^"]*Z","granted","127.0.0.1","STS\./],
  ],
];

async function writeAuditLog() {
  const world = await startWorld({ config: { ...everyCallerConfig(), sts: { timeout: '1s' } } });
  const { broker, token } = world;
  const ask = async (claims: Readonly<Record<string, unknown>>, body: object = {}) =>
    broker.ask({ token: await token('app', claims), body });
  await ask({ jti: 'leaked' });
  await ask({ jti: 'leaked' }, { Grant: 'team-files' });
  await ask({ jti: 'other' });
  await ask({ sub: '43' });
  await broker.ask({ token: await token('acme') });
  const made = await makeUrl(broker, { token: await token('app', { jti: 'url' }) });
  await useUrl(broker, pathOf(made));
  broker.simulator.sts.faults.set({ kind: 'throttling' });
  await ask({ sub: '44' });
  broker.simulator.sts.faults.set(undefined);
  const lines = broker.auditLines();
  const { text } = broker.log;
  await world.close();
  return { text, lines };
}

let auditLog: ReturnType<typeof writeAuditLog> | undefined;

const question: Rule = {
  name: 'a question of an incident to the audit log',
  covers: ({ page, language, text }) =>
    page === PAGE && language === 'sh' && text.startsWith('jq ') && text.includes('audit.log'),
  async check({ text }) {
    expect(syntaxProblem(text)).toBe('');
    auditLog ??= writeAuditLog();
    const { text: log, lines } = await auditLog;
    const ticketId = lines.find((line) => line['ticketId'] !== undefined)?.['ticketId'];
    const { code, stdout, stderr } = await runShell(text, {
      files: { 'audit.log': log },
      environment: {
        TOKEN_ID: 'leaked',
        ISSUER: 'app',
        REVISION: String(lines[0]?.['configRevision']).slice(0, 12),
        TICKET_ID: String(ticketId),
      },
    });
    const [, expected = []] = ANSWERS.find(([mark]) => text.includes(mark)) ?? [];
    const printed = stdout.trimEnd().split('\n');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(expected.length).toBeGreaterThan(0);
    for (const pattern of expected) expect(printed.some((line) => pattern.test(line))).toBe(true);
    expect(printed).toHaveLength(expected.length);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[^\x20-\x7e]/);
  },
};

export const INCIDENT_RULES: readonly Rule[] = [question];
