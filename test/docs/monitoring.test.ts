/** The page about monitoring names every metric, alert and chart that there is, and nothing else. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createBrokerMetrics } from '../../src/metrics/broker-metrics.ts';
import { memberAt, toObject } from '../support/declared.ts';
import { toList } from './configs.ts';
import { PAGES, ROOT } from './pages.ts';
import { namesInCell, rowsOf } from './sections.ts';

const read = (name: string) => readFileSync(`${ROOT}deploy/${name}`, 'utf8');
const { text = '' } = PAGES.find(({ path }) => path === 'docs/monitoring.md') ?? {};

/** The rows of the table that begins with this head. */
function tableOf(head: string) {
  const [, after = ''] = text.split(`\n| ${head} |`);
  return rowsOf(after.split('\n\n')[0] ?? '').filter(([, first = '']) => !first.includes('---'));
}

/** The address of a link on this page, from the root of the project. Links are tested to lead to headings. */
function toRunbook(cell: string): string {
  const address = cell.replace(/^.*\]\((.*)\).*$/, '$1').trim();
  return address.startsWith('#') ? `docs/monitoring.md${address}` : `docs/${address}`;
}

describe('the page about monitoring', () => {
  it('has every metric with its labels', () => {
    const documented = tableOf('metric').map(([, name = '', labels = '']) => [
      `oss_token_broker_${namesInCell(name).join()}`,
      namesInCell(labels),
    ]);
    const metrics = createBrokerMetrics().registry.getMetricsAsArray();
    const declared = metrics.map((metric) => [
      metric.name,
      toList(Reflect.get(metric, 'labelNames')),
    ]);

    expect(documented).toEqual(declared);
  });

  it('has every alert with its severity and with where its runbook is', () => {
    const documented = tableOf('alert').map(([, name = '', , severity = '', link = '']) => [
      ...namesInCell(name),
      severity.trim(),
      toRunbook(link),
    ]);
    const rules = toList(memberAt(parse(read('alerts.yaml')), ['groups', '0', 'rules']));

    expect(documented).toEqual(
      rules.map((rule) => [
        toObject(rule)['alert'],
        memberAt(rule, ['labels', 'severity']),
        memberAt(rule, ['annotations', 'runbook']),
      ]),
    );
  });

  it('has every chart', () => {
    const charts = toList(memberAt(JSON.parse(read('sls.json')), ['charts']));

    expect(
      tableOf('chart')
        .flatMap(([, names = '']) => namesInCell(names))
        .sort(),
    ).toEqual(charts.map((chart) => String(toObject(chart)['title'])).sort());
  });
});
