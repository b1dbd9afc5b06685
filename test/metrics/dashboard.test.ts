/** The queries of the dashboard and of the alerts, run with promtool on series that the test puts in. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { createBrokerMetrics } from '../../src/metrics/broker-metrics.ts';
import { memberAt, toObject } from '../support/declared.ts';
import { sendOneOfMany, startMonitored } from '../support/monitored.ts';
import {
  describeWithPromtool,
  type Expected,
  runPromtool,
  type Series,
  testAlerts,
  testQueries,
} from '../support/promtool.ts';

const read = (name: string) =>
  readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');
const RULES = read('alerts.yaml');

interface Query {
  readonly title: string;
  readonly expr: string;
}

const toList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const PANELS = toList(memberAt(JSON.parse(read('grafana.json')), ['panels'])).map(toObject);

/** What Grafana sends: it puts its variables in. */
const QUERIES: readonly Query[] = PANELS.flatMap(({ title, targets }) =>
  toList(targets).map((target) => ({
    title: String(title),
    expr: String(toObject(target)['expr'])
      .replaceAll('$__rate_interval', '5m')
      .replaceAll('$instance', '.*'),
  })),
);

const ALERTS = toList(memberAt(parse(RULES), ['groups', '0', 'rules'])).map(toObject);

const series = (
  name: string,
  labels: Readonly<Record<string, string>>,
  values: string,
): Series => ({ name: `oss_token_broker_${name}`, labels, values });

/** So much more each minute. */
const rising = (step: number) => `0+${step}x60`;
const steady = (value: number) => `${value}+0x60`;

const GRANTED = { decision: 'granted', surface: 'native', issuer: 'app', reason: '' };
const REFUSED = { decision: 'refused', surface: 'sts', issuer: '', grant: '' };
const a = { instance: 'a' };
const b = { instance: 'b' };

/** Half of what takes time takes at most 5 ms, the rest at most 10 ms. */
function histogram(name: string, labels: Readonly<Record<string, string>>): readonly Series[] {
  return [
    series(`${name}_bucket`, { ...labels, le: '0.005' }, rising(60)),
    series(`${name}_bucket`, { ...labels, le: '0.01' }, rising(120)),
    series(`${name}_bucket`, { ...labels, le: '+Inf' }, rising(120)),
  ];
}

/** Two healthy instances, and figures for every metric. */
const PUT_IN: readonly Series[] = [
  series('decisions_total', { ...a, ...GRANTED, grant: 'user-files' }, rising(60)),
  series('decisions_total', { ...b, ...GRANTED, grant: 'user-files' }, rising(60)),
  series('decisions_total', { ...b, ...GRANTED, grant: 'reports' }, rising(120)),
  series('decisions_total', { ...a, ...REFUSED, reason: 'token_expired' }, rising(30)),
  series('refusals_total', { ...a, reason: 'token_expired' }, rising(30)),
  series('refusals_total', { ...a, reason: 'internal_error' }, steady(0)),
  ...histogram('request_duration_seconds', { ...a, decision: 'granted', surface: 'native' }),
  ...histogram('step_duration_seconds', { ...a, step: 'sts' }),
  series('credentials_total', { ...a, from: 'sts' }, rising(30)),
  series('credentials_total', { ...b, from: 'cache' }, rising(150)),
  series('rate_limit_refusals_total', { ...a, scope: 'subject' }, rising(6)),
  series('audit_failures_total', a, steady(0)),
  series('issuer_key_loads_total', { ...a, issuer: 'app', outcome: 'failed' }, rising(1)),
  series('issuer_keys', { ...a, issuer: 'app' }, steady(2)),
  series('issuer_keys', { ...b, issuer: 'app' }, steady(3)),
  series('issuer_key_age_seconds', { ...a, issuer: 'app' }, steady(100)),
  series('issuer_key_age_seconds', { ...b, issuer: 'app' }, steady(400)),
  series('sts_throttles_total', a, rising(3)),
  series('sts_circuit_open', a, steady(0)),
  series('sts_circuit_open', b, steady(1)),
  series('sts_outages_total', b, rising(2)),
  series('source_credentials_failures_total', { ...a, source: 'file' }, rising(1)),
  series('source_credentials_expiry_timestamp_seconds', { ...a, source: 'file' }, steady(5000)),
  series('store_up', a, steady(1)),
  series('store_up', b, steady(0)),
  series('store_outages_total', b, rising(1)),
  series('config_info', { ...a, revision: 'aaa' }, steady(1)),
  series('config_info', { ...b, revision: 'bbb' }, steady(1)),
  series('config_loads_total', { ...a, outcome: 'applied' }, rising(1)),
  series('config_refused', a, steady(1)),
  series('config_restart_needed', { ...a, section: 'store' }, steady(1)),
  series('export_failures_total', a, rising(4)),
];

/** After half an hour: 1800 seconds. In five minutes a counter rises by five times its step. */
const AT = '30m';
const RETURNED: Readonly<Record<string, readonly (readonly Expected[])[]>> = {
  'Decisions a second': [
    [
      { labels: { decision: 'granted' }, value: 4 },
      { labels: { decision: 'refused' }, value: 0.5 },
    ],
  ],
  // those that nobody was refused for are left out
  'Refusals a second by reason': [[{ labels: { reason: 'token_expired' }, value: 0.5 }]],
  'Share granted': [[{ value: 4 / 4.5 }]],
  'Granted a second by grant': [
    [
      { labels: { grant: 'reports' }, value: 2 },
      { labels: { grant: 'user-files' }, value: 2 },
    ],
  ],
  'Decisions a second by surface': [
    [
      { labels: { surface: 'native' }, value: 4 },
      { labels: { surface: 'sts' }, value: 0.5 },
    ],
  ],
  'Decisions a second by issuer': [[{ labels: { issuer: 'app' }, value: 4 }]],
  'Time of a request': [
    [{ value: 0.005 }],
    [{ value: 0.0095 }],
    [{ value: 0.005 + 0.005 * ((0.99 * 2 - 1) / 1) }],
  ],
  'Time of each step, 95 %': [[{ labels: { step: 'sts' }, value: 0.0095 }]],
  'Credentials a second by origin': [
    [
      { labels: { from: 'cache' }, value: 2.5 },
      { labels: { from: 'sts' }, value: 0.5 },
    ],
  ],
  'STS throttles a second': [[{ value: 0.05 }]],
  'Circuit of STS': [
    [
      { labels: a, value: 0 },
      { labels: b, value: 1 },
    ],
  ],
  'Outages of STS': [[{ value: 10 }]],
  'Refusals of rate limits a second': [[{ labels: { scope: 'subject' }, value: 0.1 }]],
  'Age of issuer keys': [[{ labels: { issuer: 'app' }, value: 400 }]],
  'Usable keys of issuers': [[{ labels: { issuer: 'app' }, value: 2 }]],
  'Failed loads of issuer keys': [[{ labels: { issuer: 'app' }, value: 5 }]],
  'Source credentials: time left': [[{ labels: { source: 'file' }, value: 3200 }]],
  'Source credentials: failures': [[{ labels: { source: 'file' }, value: 5 }]],
  Redis: [
    [
      { labels: a, value: 1 },
      { labels: b, value: 0 },
    ],
  ],
  'Outages of Redis': [[{ value: 5 }]],
  'Instances by config': [
    [
      { labels: { revision: 'aaa' }, value: 1 },
      { labels: { revision: 'bbb' }, value: 1 },
    ],
  ],
  'Changes of the config': [[{ labels: { outcome: 'applied' }, value: 5 }]],
  'Audit lines that were not written': [[{ value: 0 }]],
  'Pushes to the collector that failed': [[{ value: 20 }]],
  'Newest config refused': [[{ labels: a, value: 1 }]],
  'Waits for a restart': [[{ labels: { section: 'store' }, value: 1 }]],
};

/** What makes each alert fire, and nothing else. The values last an hour and a half. */
const TRIGGERS: Readonly<Record<string, readonly Series[]>> = {
  BrokerDown: [{ name: 'up', labels: { ...a, job: 'oss-token-broker' }, values: '0x90' }],
  BrokerMissing: [{ name: 'up', labels: { ...a, job: 'something-else' }, values: '1x90' }],
  BrokerAuditLogFails: [series('audit_failures_total', a, '0x88 1 2')],
  BrokerDefect: [series('refusals_total', { ...a, reason: 'internal_error' }, '0x88 1 1')],
  BrokerCircuitOpen: [series('sts_circuit_open', a, '0x80 1x10')],
  BrokerStsThrottled: [series('sts_throttles_total', a, '0+1x90')],
  BrokerStsRefuses: [series('refusals_total', { ...a, reason: 'sts_refused' }, '0x88 1 1')],
  BrokerSourceCredentialsFail: [
    series('refusals_total', { ...a, reason: 'source_credentials_unavailable' }, '0x88 1 1'),
  ],
  BrokerSourceCredentialsNotRenewed: [
    series('source_credentials_failures_total', { ...a, source: 'file' }, '_x60 1+1x30'),
  ],
  // less than two minutes are left
  BrokerSourceCredentialsExpire: [
    series('source_credentials_expiry_timestamp_seconds', { ...a, source: 'file' }, '5500x90'),
    series('credentials_total', { ...a, from: 'sts' }, '0+1x90'),
  ],
  BrokerIssuerKeysUnavailable: [
    series('refusals_total', { ...a, reason: 'issuer_keys_unavailable' }, '0x80 1+1x10'),
  ],
  BrokerIssuerKeysStale: [
    series('issuer_key_age_seconds', { ...a, issuer: 'app' }, '0+60x90'),
    series('issuer_key_loads_total', { ...a, issuer: 'app', outcome: 'failed' }, '0x40 1+1x50'),
  ],
  BrokerRedisLost: [series('store_up', a, '1x80 0x10')],
  BrokerConfigRefused: [series('config_refused', a, '0x80 1x10')],
  BrokerConfigsDiffer: [
    series('config_info', { ...a, revision: 'aaa' }, '1x90'),
    series('config_info', { ...b, revision: 'bbb' }, '1x90'),
  ],
  BrokerWaitsForRestart: [series('config_restart_needed', { ...a, section: 'store' }, '1x90')],
  BrokerSlow: [
    series('request_duration_seconds_bucket', { ...a, decision: 'granted', le: '2.5' }, '0+1x90'),
    series('request_duration_seconds_bucket', { ...a, decision: 'granted', le: '5' }, '0+9x90'),
    series('request_duration_seconds_bucket', { ...a, decision: 'granted', le: '+Inf' }, '0+9x90'),
  ],
  BrokerRefusesMost: [
    series('decisions_total', { ...a, decision: 'granted' }, '0+30x90'),
    series('decisions_total', { ...a, decision: 'refused' }, '0+60x90'),
  ],
  BrokerExportFails: [series('export_failures_total', a, '0+1x90')],
};

/** Nothing is wrong, and keys are old because nobody asks. */
const HEALTHY: readonly Series[] = [
  { name: 'up', labels: { ...a, job: 'oss-token-broker' }, values: '1x90' },
  series('audit_failures_total', a, '0x90'),
  ...['internal_error', 'sts_refused', 'source_credentials_unavailable'].map((reason) =>
    series('refusals_total', { ...a, reason }, '3x90'),
  ),
  series('refusals_total', { ...a, reason: 'issuer_keys_unavailable' }, '0x90'),
  series('sts_circuit_open', a, '0x90'),
  series('sts_throttles_total', a, '7x90'),
  series('source_credentials_expiry_timestamp_seconds', { ...a, source: 'file' }, '9000x90'),
  series('issuer_key_age_seconds', { ...a, issuer: 'app' }, '0+60x90'),
  series('issuer_key_loads_total', { ...a, issuer: 'app', outcome: 'failed' }, '2x90'),
  series('store_up', a, '1x90'),
  series('config_refused', a, '0x90'),
  series('config_info', { ...a, revision: 'aaa' }, '1x90'),
  series('config_info', { ...b, revision: 'aaa' }, '1x90'),
  series('decisions_total', { ...a, decision: 'granted' }, '0+60x90'),
  series('decisions_total', { ...a, decision: 'refused' }, '0+30x90'),
  ...histogram('request_duration_seconds', { ...a, decision: 'granted' }),
  series('export_failures_total', a, '0x90'),
];

/** Each looks like trouble, and is none that anybody should be called for. */
const HARMLESS: Readonly<Record<string, readonly Series[]>> = {
  'source credentials that ended, in a broker that nobody asks': [
    series('source_credentials_expiry_timestamp_seconds', { ...a, source: 'file' }, '3000x90'),
    series('credentials_total', { ...a, from: 'sts' }, '7x90'),
  ],
  'source credentials of 15 minutes shortly before they are renewed': [
    series('source_credentials_expiry_timestamp_seconds', { ...a, source: 'file' }, '5580x90'),
    series('credentials_total', { ...a, from: 'sts' }, '0+1x90'),
  ],
  'one config for staging, another for production': [
    series('config_info', { ...a, job: 'staging', revision: 'aaa' }, '1x90'),
    series('config_info', { ...b, job: 'production', revision: 'bbb' }, '1x90'),
  ],
  'refusals of staging and of production that are few in each': [
    series('decisions_total', { ...a, job: 'production', decision: 'refused' }, '0+3x90'),
    series('decisions_total', { ...b, job: 'staging', decision: 'refused' }, '0+4x90'),
  ],
  'two throttles within two minutes': [series('sts_throttles_total', a, '0x83 1 1 2x4')],
  'two pushes that failed within nine minutes': [
    series('export_failures_total', a, '0x74 1x8 2x6'),
  ],
  'one caller who met an issuer that failed once': [
    series('refusals_total', { ...a, reason: 'issuer_keys_unavailable' }, '0x86 1x3'),
  ],
  'counters that begin again at zero, since the broker was restarted': [
    series('audit_failures_total', a, '5x80 0x10'),
    series('refusals_total', { ...a, reason: 'internal_error' }, '5x80 0x10'),
    series('refusals_total', { ...a, reason: 'sts_refused' }, '5x80 0x10'),
    series('sts_throttles_total', a, '90x80 0x10'),
    series('export_failures_total', a, '90x80 0x10'),
  ],
};

/** By name, with the labels that the broker gives a metric. */
const DECLARED = new Map(
  createBrokerMetrics()
    .registry.getMetricsAsArray()
    .map((metric) => [metric.name, toList(Reflect.get(metric, 'labelNames')).map(String)]),
);

const declaredNameOf = (name: string) => name.replace(/_(?:bucket|sum|count)$/, '');

describeWithPromtool('the dashboard for Grafana', () => {
  it('is tested with series that the broker has, and with all of them', () => {
    const allowed = new Set(['instance', 'le']);
    const strays = PUT_IN.flatMap(({ name, labels }) => {
      const declared = DECLARED.get(declaredNameOf(name));
      const unknown = Object.keys(labels).filter(
        (label) => !allowed.has(label) && declared?.includes(label) !== true,
      );
      return declared === undefined || unknown.length > 0 ? [{ name, unknown }] : [];
    });

    expect(strays).toEqual([]);
    expect(new Set(PUT_IN.map(({ name }) => declaredNameOf(name)))).toEqual(
      new Set(DECLARED.keys()),
    );
  });

  it('returns what was put in, with every query', () => {
    const titles = [...new Set(QUERIES.map(({ title }) => title))];
    const queries = titles.flatMap((title) =>
      QUERIES.filter((query) => query.title === title).map(({ expr }, index) => ({
        expr,
        expected: RETURNED[title]?.[index] ?? [],
      })),
    );

    expect(titles.sort()).toEqual(Object.keys(RETURNED).sort());
    expect(testQueries(PUT_IN, AT, queries)).toBe('');
  });

  it('shows every metric', () => {
    const text = QUERIES.map(({ expr }) => expr).join('\n');

    expect([...DECLARED.keys()].filter((name) => !text.includes(name))).toEqual([]);
  });

  it('is laid out without gaps in its ids and without panels above each other', () => {
    const places = PANELS.map(({ gridPos }) => toObject(gridPos));
    const overlapping = places.filter(({ x, y }, index) =>
      places.slice(0, index).some((other) => other['x'] === x && other['y'] === y),
    );

    expect(PANELS.map(({ id }) => id)).toEqual(PANELS.map((_, index) => index + 1));
    expect(overlapping).toEqual([]);
    expect(places.every(({ x, w }) => Number(x) + Number(w) <= 24)).toBe(true);
  });

  it('shows how long ago source credentials ended, and shares up to 100 %', () => {
    const defaultsOf = (title: string) =>
      memberAt(
        PANELS.find((panel) => panel['title'] === title),
        ['fieldConfig', 'defaults'],
      );

    expect(defaultsOf('Source credentials: time left')).toEqual({ unit: 's' });
    expect(defaultsOf('Share granted')).toEqual({ unit: 'percentunit', min: 0, max: 1 });
  });

  it('would not pass with a wrong figure', () => {
    const [query] = QUERIES;
    const wrong = [{ expr: query?.expr ?? '', expected: [{ value: 5 }] }];

    expect(testQueries(PUT_IN, AT, wrong)).toContain('FAILED');
  });
});

describeWithPromtool('the alerts', () => {
  const names = ALERTS.map(({ alert }) => String(alert));

  it('have a trigger here each', () => {
    expect(names.sort()).toEqual(Object.keys(TRIGGERS).sort());
  });

  it('are silent while all is well', () => {
    const silent = Object.fromEntries(names.map((name) => [name, []]));

    expect(testAlerts(RULES, HEALTHY, '90m', silent)).toBe('');
  });

  it.each(Object.entries(HARMLESS))('are silent about %s', (_what, put) => {
    const up: Series = { name: 'up', labels: { ...a, job: 'oss-token-broker' }, values: '1x90' };
    const silent = Object.fromEntries(names.map((name) => [name, []]));

    expect(testAlerts(RULES, [up, ...put], '90m', silent)).toBe('');
  });

  it('are silent without any figure, but for the one that says so', () => {
    const silent = names.filter((name) => name !== 'BrokerMissing').map((name) => [name, []]);

    expect(testAlerts(RULES, [], '90m', Object.fromEntries(silent))).toBe('');
    expect(testAlerts(RULES, [], '90m', { BrokerMissing: [] })).toContain('FAILED');
  });

  it('lead to a page each, and name what to look at there', () => {
    const without = ALERTS.filter(({ annotations }) => {
      const { runbook } = toObject(annotations);
      return !/^docs\/[a-z-]+\.md#[a-z-]+$/.test(String(runbook));
    });

    expect(without.map(({ alert }) => alert)).toEqual([]);
  });

  it.each(Object.entries(TRIGGERS))('%s fires for its cause', (name, put) => {
    // with an expectation of nothing, promtool prints what fired
    const output = testAlerts(RULES, put, '90m', { [name]: [] });
    const text = ALERTS.find(({ alert }) => alert === name);

    expect(output).toContain('FAILED');
    expect(output).toContain(String(toObject(text?.['annotations'])['summary']));
    expect(output).not.toContain('<no value>');
  });
});

describeWithPromtool('what the broker answers to a scrape', () => {
  it('is what Prometheus reads, without a complaint', async () => {
    const { broker, metricsPort } = await startMonitored();
    for (let n = 0; n < 30; n += 1) await sendOneOfMany(broker, n);
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    const input = await answer.text();
    await broker.close();

    expect(input).toContain('oss_token_broker_decisions_total{');
    expect(runPromtool(['check', 'metrics'], { input })).toEqual({ code: 0, output: '' });
  });
});
