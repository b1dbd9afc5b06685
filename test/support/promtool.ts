/** Runs promtool, the checker of Prometheus, which has its own parser and engine of PromQL. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, inject } from 'vitest';

/** Like `describe`, and skipped where there is no promtool; `npm test` ends with a line that says so. */
export const describeWithPromtool = describe.skipIf(inject('promtool') === null);

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** Runs it with files in an empty folder. `input` is its standard input. */
export function runPromtool(
  args: readonly string[],
  options: { readonly files?: Readonly<Record<string, string>>; readonly input?: string } = {},
): Ran {
  const promtool = inject('promtool');
  if (promtool === null) throw new Error('there is no promtool');
  const cwd = mkdtempSync(join(tmpdir(), 'promtool-'));
  try {
    for (const [name, text] of Object.entries(options.files ?? {})) {
      writeFileSync(join(cwd, name), text);
    }
    const { status, stdout, stderr } = spawnSync(promtool.path, args, {
      cwd,
      input: options.input ?? '',
      encoding: 'utf8',
    });
    return { code: status, output: `${stdout}${stderr}` };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/** A series that a test puts in: its labels, and its values a minute apart, as promtool writes them. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: string;
}

export interface Expected {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Says how what queries return differs from what they should; empty if it does not. */
export function testQueries(
  series: readonly Series[],
  at: string,
  queries: readonly { readonly expr: string; readonly expected: readonly Expected[] }[],
): string {
  const test = {
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: toInput(series),
        promql_expr_test: queries.map(({ expr, expected }) => ({
          expr,
          eval_time: at,
          exp_samples: expected.map(({ labels = {}, value }) => ({
            labels: toSelector('', labels),
            value,
          })),
        })),
      },
    ],
  };
  const { code, output } = runPromtool(['test', 'rules', 'test.yaml'], {
    files: { 'test.yaml': JSON.stringify(test) },
  });
  return code === 0 ? '' : output;
}

/** Says how the alerts that fire differ from those that should, by name; empty if they do not. */
export function testAlerts(
  rules: string,
  series: readonly Series[],
  at: string,
  alerts: Readonly<Record<string, readonly object[]>>,
): string {
  const test = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: toInput(series),
        alert_rule_test: Object.entries(alerts).map(([alertname, exp_alerts]) => ({
          eval_time: at,
          alertname,
          exp_alerts,
        })),
      },
    ],
  };
  const { code, output } = runPromtool(['test', 'rules', 'test.yaml'], {
    files: { 'test.yaml': JSON.stringify(test), 'rules.yaml': rules },
  });
  return code === 0 ? '' : output;
}

function toInput(series: readonly Series[]) {
  return series.map(({ name, labels, values }) => ({ series: toSelector(name, labels), values }));
}

function toSelector(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(', ')}}`;
}
