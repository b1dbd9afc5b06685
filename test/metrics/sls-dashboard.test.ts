/** The dashboard for Simple Log Service, with the audit lines of a broker. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentedMembers, documentedReasons } from '../docs/audit-schema.ts';
import { parseSlsQuery } from '../docs/sls-query.ts';
import { memberAt, toObject } from '../support/declared.ts';
import { type Monitored, sendOneOfMany, startMonitored } from '../support/monitored.ts';
import { hasSqlite, type Row, runQueries } from '../support/sqlite-log.ts';

const toList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const document = toObject(
  JSON.parse(readFileSync(new URL('../../deploy/sls.json', import.meta.url), 'utf8')),
);
const CHARTS = toList(document['charts']).map((chart) => ({
  title: String(toObject(chart)['title']),
  query: String(memberAt(chart, ['search', 'query'])),
  axes: ['xAxis', 'yAxis'].flatMap((axis) =>
    toList(memberAt(chart, ['display', axis])).map(String),
  ),
}));

let monitored: Monitored | undefined;
const auditLines = () => monitored?.broker.auditLines() ?? [];
let rowsOf: (title: string) => readonly Row[];

beforeAll(async () => {
  if (!hasSqlite()) return;
  monitored = await startMonitored();
  const { broker } = monitored;
  for (let n = 0; n < 100; n += 1) await sendOneOfMany(broker, n);
  broker.simulator.sts.faults.set({ kind: 'sourceCredentialsExpired' });
  await broker.ask({ claims: { sub: 'late' }, body: { Grant: 'user-files' } });
  // seven more than the limit of a subject
  for (let n = 0; n < 13; n += 1) await broker.ask({ claims: { sub: 'eager' } });
  const lines = broker.log.text.split('\n').filter((line) => line !== '');
  const results = runQueries(
    lines,
    CHARTS.map(({ query }) => query),
  );
  rowsOf = (title) => results[CHARTS.findIndex((chart) => chart.title === title)] ?? [];
}, 60_000);

afterAll(async () => {
  await monitored?.broker.close();
});

/** Counts lines by what `keyOf` says of them. */
function count(keyOf: (line: Row) => string | undefined): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const line of auditLines()) {
    const key = keyOf(line);
    if (key !== undefined) counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Sums a column of a chart by some of its other columns. */
function shown(title: string, keys: readonly string[], column: string) {
  const sums: Record<string, number> = {};
  for (const row of rowsOf(title)) {
    const key = keys.map((name) => String(row[name])).join(' ');
    sums[key] = (sums[key] ?? 0) + Number(row[column]);
  }
  return sums;
}

describe.skipIf(!hasSqlite())('the dashboard for Simple Log Service', () => {
  it('reads members that audit lines have, and shows columns that its queries have', () => {
    const why = [...documentedReasons().values()].flat().map((name) => `why.${name}`);
    const known = new Set([...why, ...documentedMembers().keys()]);

    expect(CHARTS).toHaveLength(10);
    for (const { query, axes } of CHARTS) {
      const { members, columns } = parseSlsQuery(query);
      expect(members.filter((member) => !known.has(member))).toEqual([]);
      expect([...axes].sort()).toEqual([...columns].sort());
    }
  });

  it('counts decisions as the lines do', () => {
    expect(shown('decisions', ['decision'], 'requests')).toEqual(
      count(({ decision }) => String(decision)),
    );
    expect(shown('decisions-by-surface', ['surface', 'decision'], 'requests')).toEqual(
      count(({ surface, decision }) => `${surface} ${decision}`),
    );
    expect(shown('granted-by-grant', ['issuer', 'granted_by'], 'requests')).toEqual(
      count(({ decision, grant }) => (decision === 'granted' ? `app ${grant}` : undefined)),
    );
    expect(shown('refusals-by-reason', ['reason'], 'requests')).toEqual(
      count(({ reason }) => (reason === undefined ? undefined : String(reason))),
    );
  });

  it('shows where credentials came from, limits, and trouble with STS', () => {
    expect(shown('credentials-from-cache', ['from_cache'], 'credentials')).toEqual(
      count(({ cacheHit }) => (cacheHit === undefined ? undefined : String(cacheHit))),
    );
    expect(shown('rate-limits', ['scope'], 'requests')).toEqual(
      count(({ why }) => {
        const { scope } = toObject(why);
        return scope === undefined ? undefined : String(scope);
      }),
    );
    expect(shown('rate-limits', ['scope'], 'requests')['subject']).toBeGreaterThanOrEqual(7);
    expect(shown('trouble-with-sts', ['reason'], 'requests')).toEqual({
      source_credentials_unavailable: 1,
    });
  });

  it('counts every reason that STS has to fail', () => {
    const { query = '' } = CHARTS.find(({ title }) => title === 'trouble-with-sts') ?? {};
    const reasons = [...documentedReasons().keys()].filter((reason) =>
      /^sts_|^source_/.test(reason),
    );

    expect(reasons).toHaveLength(6);
    expect(reasons.filter((reason) => !query.includes(`'${reason}'`))).toEqual([]);
  });

  it('shows times, the age of keys, and the config', () => {
    const lines = auditLines();
    const granted = lines.filter(({ decision }) => decision === 'granted');
    const slowest = Math.max(...granted.map(({ totalMs }) => Number(totalMs)));
    const ages = lines.flatMap(({ keyAgeSeconds }) =>
      keyAgeSeconds === undefined ? [] : [Number(keyAgeSeconds)],
    );

    for (const row of rowsOf('milliseconds-of-granted')) {
      expect(Number(row['median'])).toBeLessThanOrEqual(Number(row['total_95']));
      expect(Number(row['total_95'])).toBeLessThanOrEqual(slowest);
      expect(Number(row['sts_95'])).toBeLessThanOrEqual(slowest);
      expect(Number(row['verify_95'])).toBeGreaterThanOrEqual(0);
    }
    expect(rowsOf('age-of-issuer-keys')).toContainEqual({
      issuer: 'app',
      seconds: Math.max(...ages),
    });
    expect(rowsOf('configs')).toEqual([
      {
        revision: lines[0]?.['configRevision'],
        last_used: String(
          lines
            .map(({ time }) => String(time))
            .sort()
            .at(-1),
        ),
        requests: lines.length,
      },
    ]);
  });
});
