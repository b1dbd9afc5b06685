/** What the metrics count when lines are lost, names are many, and brokers follow each other. */
import { describe, expect, it } from 'vitest';
import type { AuditLine } from '../../src/audit/line.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { createMeter } from '../../src/metrics/meter.ts';
import type { OperationalEvent } from '../../src/observe/event.ts';
import { SIMPLE_CONFIG } from '../support/broker.ts';
import { parseExposition, valuesOf } from '../support/exposition.ts';

const load = (max: string) =>
  loadConfig({
    text: SIMPLE_CONFIG.replace('{{issuer}}', 'https://login.example.com')
      .replace('{{sts}}', 'sts.example.com')
      .replace('{{oss}}', 'https://oss.example.com')
      .replace('max: 1h', `max: ${max}`),
    file: 'broker.yaml',
    environment: {},
  }).config;

const LINE: AuditLine = {
  version: 1,
  time: '2026-11-23T18:45:00.104Z',
  requestId: 'id',
  surface: 'native',
  decision: 'granted',
  configRevision: 'c81f',
  totalMs: 1,
};

function startMeter() {
  const clock = { nowMs: 1000 };
  const meter = createMeter({ now: () => clock.nowMs });
  const written: AuditLine[] = [];
  const told: OperationalEvent[] = [];
  const log = { isBroken: false };
  const reports = {
    recordAudit: async (line: AuditLine) => {
      if (log.isBroken) throw new Error('no space left');
      written.push(line);
    },
    observe: (event: OperationalEvent) => void told.push(event),
  };
  const figure = async (name: string) =>
    valuesOf(parseExposition(await meter.read().metrics()), name);
  const begin = (config = load('1h')) => {
    const watched = meter.watch(config, reports);
    watched.begin();
    return watched;
  };
  return { begin, clock, meter, written, told, log, reports, figure };
}

describe('the meter', () => {
  it('counts a line that could not be written as lost, and as no decision', async () => {
    const { begin, written, log, figure } = startMeter();
    const { recordAudit } = begin();
    await recordAudit(LINE);
    log.isBroken = true;
    await expect(recordAudit(LINE)).rejects.toThrow('no space left');

    expect(written).toEqual([LINE]);
    expect(await figure('decisions_total')).toEqual({ 'decision=granted surface=native': 1 });
    expect(await figure('audit_failures_total')).toEqual({ '': 1 });
  });

  it('costs no credential if it cannot count a line', async () => {
    const { begin, written, figure } = startMeter();
    const { recordAudit } = begin();
    await recordAudit({ ...LINE, totalMs: Number.NaN });
    const unnamed: AuditLine = Object.create(LINE, { grant: { get: () => Symbol('no name') } });
    await recordAudit(unnamed);

    expect(written).toHaveLength(2);
    expect(await figure('audit_failures_total')).toEqual({});
  });

  it('has no more than 2,000 names, and counts all that come after under one', async () => {
    const { begin, figure } = startMeter();
    const { recordAudit } = begin();
    for (let n = 0; n < 2100; n += 1) await recordAudit({ ...LINE, grant: `grant-${n}` });
    await recordAudit({ ...LINE, grant: 'grant-0' });
    const counted = await figure('decisions_total');

    expect(Object.keys(counted)).toHaveLength(2001);
    expect(counted['decision=granted grant=(others) surface=native']).toBe(100);
    expect(counted['decision=granted grant=grant-0 surface=native']).toBe(2);
  });

  it('does not take the circuit of an earlier broker for that of the present one', async () => {
    const { begin, told, figure } = startMeter();
    const earlier = begin();
    begin(load('2h'));
    earlier.observe({ kind: 'circuit_opened', problem: 'status 500' });
    earlier.observe({ kind: 'sts_throttled' });

    expect(await figure('sts_circuit_open')).toEqual({});
    expect(await figure('sts_throttles_total')).toEqual({ '': 1 });
    expect(told).toHaveLength(2);
  });

  it('has nothing of an issuer that the config no longer has, though it is heard of later', async () => {
    const { begin, figure } = startMeter();
    const keys = (issuerName: string): readonly OperationalEvent[] => [
      { kind: 'keys_loaded', issuerName, keys: 2, dropped: [] },
      { kind: 'key_refresh_failed', issuerName, problem: 'status 500' },
    ];
    const config = load('1h');
    const earlier = begin(config);
    for (const event of keys('app')) earlier.observe(event);
    const issuers = config.issuers.map((issuer) => ({ ...issuer, name: 'web' }));
    const { observe } = begin({ ...config, issuers });
    for (const event of keys('web')) observe(event);
    const names = ['issuer_key_loads_total', 'issuer_keys', 'issuer_key_age_seconds'];
    const labels = async () =>
      (await Promise.all(names.map(figure))).flatMap((values) => Object.keys(values)).join();
    expect(await labels()).not.toContain('app');

    for (const event of keys('app')) earlier.observe(event);
    expect(await labels()).not.toContain('app');
    expect(await labels()).toContain('issuer=web outcome=failed');
  });

  it('lets keys grow old, however long nobody asks', async () => {
    const { begin, clock, figure } = startMeter();
    const { observe } = begin();
    observe({ kind: 'keys_loaded', issuerName: 'app', keys: 2, dropped: [] });
    clock.nowMs += 90_000;

    expect(await figure('issuer_key_age_seconds')).toEqual({ 'issuer=app': 90 });
  });
});
