/** `/metrics` of the built broker follows what happens to its config, STS and issuers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { builtBundle } from '../support/built-bundle.ts';
import { freePort, type RunningBundle, startBundle } from '../support/bundle.ts';
import { scrape, valuesOf } from '../support/exposition.ts';

let cloud: TestBroker;
let running: RunningBundle;
let port: number;
let folder: string;
let text: string;

const figure = async (name: string) => valuesOf(await scrape(port), name);

async function ask(claims: Readonly<Record<string, unknown>> = {}): Promise<number> {
  const headers = { Authorization: `Bearer ${await cloud.issuer.token(claims)}` };
  return (await fetch(`http://127.0.0.1:${running.port}/v1/credentials`, { headers })).status;
}

const loads = async () =>
  Object.values(await figure('config_loads_total')).reduce((sum, count) => sum + count, 0);

/** Writes the config, has it read, and waits until that is counted. */
async function change(config: string): Promise<void> {
  const before = await loads();
  writeFileSync(join(folder, 'broker.yaml'), config);
  running.child.kill('SIGHUP');
  await vi.waitFor(async () => expect(await loads()).toBe(before + 1), 5000);
}

beforeAll(async () => {
  cloud = await startTestBroker({ config: SIMPLE_CONFIG });
  folder = mkdtempSync(join(tmpdir(), 'broker-metrics-'));
  port = await freePort();
  text = `${SIMPLE_CONFIG}metrics: { port: ${port} }\n`
    .replace('{{issuer}}', cloud.issuer.url)
    .replace('{{sts}}', cloud.simulator.sts.url)
    .replace('{{oss}}', cloud.simulator.oss.url);
  writeFileSync(join(folder, 'broker.yaml'), text);
  running = await startBundle({
    ...builtBundle(),
    text: '',
    simulator: cloud.simulator,
    write: async () => {},
    environment: { BROKER_CONFIG: join(folder, 'broker.yaml') },
  });
}, 60_000);

afterAll(async () => {
  await running.close();
  await cloud.close();
  rmSync(folder, { recursive: true });
});

describe('the metrics', () => {
  it('say how old the keys of an issuer are, and how many there are', async () => {
    expect(await ask()).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const age = (await figure('issuer_key_age_seconds'))['issuer=app'];

    expect(age).toBeGreaterThan(0.04);
    expect(age).toBeLessThan(20);
    expect(await figure('issuer_keys')).toEqual({ 'issuer=app': 1 });
    expect(await figure('issuer_key_loads_total')).toEqual({ 'issuer=app outcome=loaded': 1 });
  });

  it('say that the circuit is open, and that the circuit of a new config is not', async () => {
    cloud.simulator.sts.faults.set({ kind: 'json5xx', code: 'InternalError' });
    const answers: number[] = [];
    await vi.waitFor(async () => {
      answers.push(await ask({ sub: `broken-${answers.length}` }));
      expect(await figure('sts_circuit_open')).toEqual({ '': 1 });
    }, 10_000);
    cloud.simulator.sts.faults.set(undefined);
    expect(await figure('sts_outages_total')).toEqual({ '': 1 });

    await change(text.replace('15m', '16m'));

    expect(await figure('sts_circuit_open')).toEqual({});
    expect(answers).toContain(503);
  });

  it('say which config is in use, and whether a newer one was refused', async () => {
    const [before] = Object.keys(await figure('config_info'));
    await change(text.replace('15m', '17m'));
    const [after, ...others] = Object.keys(await figure('config_info'));

    expect(after).not.toBe(before);
    expect(others).toEqual([]);
    expect(await figure('config_refused')).toEqual({});

    await change('region: X');
    expect(await figure('config_refused')).toEqual({ '': 1 });
    expect(await figure('config_loads_total')).toEqual({
      'outcome=applied': 2,
      'outcome=refused': 1,
    });
  });

  it('no longer say so once the config in use is back', async () => {
    await change(text.replace('15m', '17m'));

    expect(await figure('config_refused')).toEqual({});
  });

  it('say which sections wait for a restart', async () => {
    await change(text.replace('metrics: {', 'metrics: { host: localhost,'));
    expect(await figure('config_restart_needed')).toEqual({ 'section=metrics': 1 });

    await change(`${text}telemetry: { otlp: { endpoint: "http://127.0.0.1:9" } }\n`);
    expect(await figure('config_restart_needed')).toEqual({ 'section=telemetry': 1 });

    await change(text);
    expect(await figure('config_restart_needed')).toEqual({});
  });

  it('forget an issuer that the config no longer has', async () => {
    const [head = '', ...rest] = text.split('issuers:\n');
    const renamed = `${head}issuers:\n${rest.join('')}`.replaceAll(/\bapp$/gm, 'web');
    await change(renamed);
    expect(await ask()).toBe(200);

    expect(Object.keys(await figure('issuer_key_age_seconds'))).toEqual(['issuer=web']);
    expect(Object.keys(await figure('issuer_keys'))).toEqual(['issuer=web']);
  });
});
