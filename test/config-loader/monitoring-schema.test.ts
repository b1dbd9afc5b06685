/** Settings of metrics and telemetry in the config. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { SIMPLE_CONFIG } from '../support/broker.ts';

const BASE = SIMPLE_CONFIG.replace('{{issuer}}', 'https://login.example.com')
  .replace('{{sts}}', 'sts.example.com')
  .replace('{{oss}}', 'https://oss.example.com');

const load = (more: string) =>
  loadConfig({ text: `${BASE}${more}\n`, file: 'broker.yaml', environment: {} }).config;

function problemsOf(more: string): readonly string[] {
  try {
    load(more);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path} ${message}`);
  }
}

const otlp = (settings: string) => `telemetry: { otlp: { ${settings} } }`;

describe('metrics and telemetry in the config', () => {
  it('are absent by default', () => {
    expect(load('')).not.toHaveProperty('metrics');
    expect(load('')).not.toHaveProperty('telemetry');
  });

  it('are read with their defaults', () => {
    const { metrics, telemetry } = load(
      `metrics: { port: 9464 }\n${otlp('endpoint: "https://otlp.example.com/base/"')}`,
    );

    expect(metrics).toEqual({ port: 9464, host: '127.0.0.1' });
    expect(telemetry).toEqual({
      otlp: { endpoint: 'https://otlp.example.com/base', sampleRatio: 1 },
    });
  });

  it('may send to a collector without TLS, but no headers, unless it is on this machine', () => {
    const headers = ', headersFrom: OTLP_HEADERS';
    const refused =
      'telemetry.otlp.endpoint must begin with https:// if there are headers, since they hold a secret';

    expect(problemsOf(otlp('endpoint: "http://collector:4318"'))).toEqual([]);
    expect(problemsOf(otlp(`endpoint: "http://localhost:4318"${headers}`))).toEqual([]);
    expect(problemsOf(otlp(`endpoint: "https://otlp.example.com"${headers}`))).toEqual([]);
    expect(problemsOf(otlp(`endpoint: "http://collector:4318"${headers}`))).toEqual([refused]);
  });

  it.each([
    ['metrics: { port: 0 }', 'metrics.port must be a port, a whole number from 1 to 65535'],
    ['metrics: { port: "9464" }', 'metrics.port must be a port'],
    ['metrics: { port: 9464, host: "a b" }', 'metrics.host must be an address'],
    ['metrics: 9464', 'metrics must be like { port: 9464 }'],
    [otlp('endpoint: "ftp://x"'), 'telemetry.otlp.endpoint must be the URL of a collector'],
    [otlp('endpoint: "https://u:p@x"'), 'telemetry.otlp.endpoint must be the URL of a collector'],
    [
      otlp('endpoint: "https://x/?key=1"'),
      'telemetry.otlp.endpoint must be the URL of a collector',
    ],
    [
      otlp('endpoint: "https://x", headersFrom: "authorization=abc"'),
      'telemetry.otlp.headersFrom must be the name of an environment variable',
    ],
    [otlp('endpoint: "https://x", sampleRatio: 2'), 'telemetry.otlp.sampleRatio must be a number'],
    ['telemetry: {}', 'telemetry.otlp is missing; it must be like { endpoint:'],
  ])('are refused as %s', (more, expected) => {
    const [problem = '', ...others] = problemsOf(more);

    expect(problem).toContain(expected);
    expect(others).toEqual([]);
  });
});
