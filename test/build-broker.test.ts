/** What is told of a config, if a broker can or cannot be built from it. */
import { describe, expect, it } from 'vitest';
import { createBuildBroker } from '../src/build-broker.ts';
import type { Config } from '../src/config/config.ts';
import { loadConfig } from '../src/config-loader/load-config.ts';
import { createMeter } from '../src/metrics/meter.ts';
import { createReloadingBroker } from '../src/reloading-broker.ts';
import { SIMPLE_CONFIG } from './support/broker.ts';
import { parseExposition, valuesOf } from './support/exposition.ts';
import { tellInto } from './support/observe.ts';

const TEXT = SIMPLE_CONFIG.replace('{{issuer}}', 'https://login.example.com')
  .replace('{{sts}}', 'sts.example.com')
  .replace('{{oss}}', 'https://oss.example.com');
const SOURCE = { type: 'environment' } as const;

const load = (text: string) =>
  loadConfig({
    text,
    file: 'broker.yaml',
    environment: { REDIS_URL: 'redis://redis.example.com' },
  });

/** A reloading broker with metrics, whose broker can only be built while `canBuild` is true. */
function startReloading() {
  const file = { text: TEXT };
  const state = { canBuild: true };
  const told: string[] = [];
  const meter = createMeter({ now: () => 0 });
  const tell = tellInto(told, () => 0);
  const observe: typeof tell = (event) => {
    tell(event);
    meter.observe(event);
  };
  const { config } = load(TEXT);
  const read = async () => ({ ...file, file: 'broker.yaml' });
  const broker = createReloadingBroker({
    config,
    source: { checkEveryMs: 2000, read, readChange: read },
    parse: async ({ text }) => load(text),
    now: () => 0,
    observe,
    build: createBuildBroker({
      startConfig: config,
      source: SOURCE,
      reports: { recordAudit: async () => {}, observe: tell },
      monitoring: meter,
      observe,
      createBroker(built: Config) {
        if (!state.canBuild) throw new TypeError('a secret');
        return { fetch: () => new Response(built.revision), warmUp: async () => {} };
      },
    }),
  });
  const inUse = async () => (await broker.fetch(new Request('http://broker/'), {})).text();
  const figure = async (name: string) =>
    valuesOf(parseExposition(await meter.read().metrics()), name);
  return { broker, file, state, told, inUse, figure, config };
}

const CHANGED = `${TEXT}store: { redisUrlFrom: REDIS_URL }\n`;

describe('a config from which no broker can be built', () => {
  it('is nowhere told as the config in use, and the one before stays in use', async () => {
    const { broker, file, state, told, inUse, figure, config } = startReloading();
    const before = await figure('config_info');
    file.text = CHANGED;
    state.canBuild = false;
    await broker.reload();

    expect(await inUse()).toBe(config.revision);
    expect(before).toEqual({ [`revision=${config.revision.slice(0, 12)}`]: 1 });
    expect(await figure('config_info')).toEqual(before);
    expect(await figure('config_restart_needed')).toEqual({});
    expect(await figure('config_refused')).toEqual({ '': 1 });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /^no broker can be built from the config, a defect of oss-token-broker: TypeError at /,
    );
    expect(told[0]).toContain(`\nconfig ${config.revision.slice(0, 12)} stays in use`);
    expect(told[0]).not.toContain('a secret');
  });

  it('is told with what waits for a restart once a broker can be built', async () => {
    const { broker, file, told, inUse, figure } = startReloading();
    file.text = CHANGED;
    await broker.reload();
    const { revision } = load(CHANGED).config;

    expect(await inUse()).toBe(revision);
    expect(await figure('config_info')).toEqual({ [`revision=${revision.slice(0, 12)}`]: 1 });
    expect(await figure('config_restart_needed')).toEqual({ 'section=store': 1 });
    expect(told).toEqual([
      'the config changes store: restart the broker to apply it',
      `config ${revision.slice(0, 12)} is in use`,
    ]);
  });
});
