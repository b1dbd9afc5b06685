/** Questions to the audit log: jq lines are run on the lines of a broker, queries are held to their schema. */
import { expect } from 'vitest';
import { documentedMembers, documentedReasons } from './audit-schema.ts';
import { everyCallerConfig } from './configs.ts';
import type { Rule } from './rules.ts';
import { runShell, syntaxProblem } from './shell.ts';
import { parseSlsQuery } from './sls-query.ts';
import { startWorld } from './world.ts';

const KEY = 'oss://app-media/users/42/avatar.png';

/** What jq must print for each question, as patterns of whole lines. By a part of its text. */
const ANSWERS: readonly (readonly [mark: string, expected: readonly RegExp[]])[] = [
  [
    '$KEY',
    [/^\["20[^"]*Z","app","42","STS\.[^"]*","20[^"]*Z"\]$/, /^\["20[^"]*Z","app","42","STS\./],
  ],
  [
    '$SUBJECT',
    [
      /^\["20[^"]*Z","app","user-files",\[\["oss:\/\/app-media\/users\/42\/",\["read","write","list"\]\]\],"20/,
      /^\["20[^"]*Z","app","user-files",\[\["oss:\/\/app-media\/users\/42\/avatar.png",\["read"/,
    ],
  ],
  [
    '"refused"',
    [
      / 2 \["app",null,"127.0.0.1","audience_mismatch",\{"issuerName":"app","aud":"elsewhere"\}\]$/,
      / 1 \["app","evil\\u202e\\u001b","127.0.0.1","grant_not_available",/,
      / 1 \["app","44","127.0.0.1","target_outside_grant",/,
      / 1 \["app","43","127.0.0.1","sts_throttled",/,
      / 1 \["github",null,"127.0.0.1","issuer_keys_unavailable",/,
    ],
  ],
  ['sts_throttled', [/^ +1 20\d\d-\d\d-\d\dT\d\d:\d\d$/]],
  ['.age > 900', [/^\["app",12\d\d\]$/, /^\["github",null\]$/]],
];

/** What each question must find, and what it must not. */
async function writeAuditLog(): Promise<string> {
  const world = await startWorld({ config: { ...everyCallerConfig(), sts: { timeout: '1s' } } });
  const { broker, token } = world;
  const ask = async (claims: Readonly<Record<string, unknown>>, Target?: string) =>
    broker.ask({
      token: await token('app', claims),
      body: { Grant: 'user-files', ...(Target === undefined ? {} : { Target }) },
    });
  await ask({});
  await ask({}, KEY);
  await ask({ sub: '4' }, 'oss://app-media/users/4/');
  await ask({ sub: '42-2' });
  await ask({ aud: 'elsewhere' });
  await ask({ aud: 'elsewhere' });
  await ask({ sub: 'evil\u202e\u001b' }, KEY);
  broker.simulator.sts.faults.set({ kind: 'throttling' });
  await ask({ sub: '43' });
  broker.simulator.sts.faults.set(undefined);
  world.faultKeys('ci');
  await broker.ask({ token: await token('ci') });
  world.faultKeys('app');
  broker.clock.offsetMs = 20 * 60 * 1000;
  await ask({ sub: '44', exp: Math.floor(Date.now() / 1000) + 3600 }, KEY);
  const { text } = broker.log;
  await world.close();
  return text;
}

/** Written once, since every question only reads it. */
let auditLog: Promise<string> | undefined;

const question: Rule = {
  name: 'a question to the audit log',
  covers: ({ page, language, text }) =>
    page !== 'docs/incidents.md' &&
    language === 'sh' &&
    /^jq .*/.test(text) &&
    /audit\.log/.test(text) &&
    !/\.reported/.test(text),
  async check({ text }) {
    expect(syntaxProblem(text)).toBe('');
    auditLog ??= writeAuditLog();
    const log = await auditLog;
    const id = /"requestId":"([^"]+)"[^\n]*"audience_mismatch"/.exec(log)?.[1] ?? '';
    const { code, stdout, stderr } = await runShell(text, {
      files: { 'audit.log': log },
      environment: { REQUEST_ID: id, KEY, SUBJECT: '42' },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    if (text.includes('$REQUEST_ID')) {
      expect(JSON.parse(stdout)).toMatchObject({
        reason: 'audience_mismatch',
        why: { aud: 'elsewhere' },
        requested: { grant: 'user-files' },
      });
      return;
    }
    const [, expected] = ANSWERS.find(([mark]) => text.includes(mark)) ?? [];
    const printed = stdout.trimEnd().split('\n');

    expect(printed).toHaveLength(expected?.length ?? 0);
    for (const pattern of expected ?? []) {
      expect(printed.filter((line) => pattern.test(line)).length).toBeGreaterThan(0);
    }
    // nothing that a terminal could misread
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[^\x20-\x7e]/);
  },
};

const query: Rule = {
  name: 'a query of Simple Log Service that names members of audit lines',
  covers: ({ language, text }) => language === 'sql' && text.startsWith('* | SELECT '),
  check({ text }) {
    const { members } = parseSlsQuery(text);
    const why = new Set([...documentedReasons().values()].flat().map((name) => `why.${name}`));
    const known = new Set([
      ...why,
      ...[...documentedMembers().keys()].map((path) => path.replace(/\[\].*/, '')),
    ]);

    expect(members.length).toBeGreaterThan(0);
    expect(members.filter((member) => !known.has(member))).toEqual([]);
  },
};

export const AUDIT_RULES: readonly Rule[] = [question, query];
