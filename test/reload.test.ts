import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditLine } from '../src/audit-log.ts';
import { createBroker } from '../src/broker.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { createReloadingBroker, type ReloadingBroker } from '../src/reloading-broker.ts';
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts';
import { createStaticCredentials } from '../src/sts/source-credentials.ts';
import { createFetchIssuer } from '../src/subject-token/issuer-fetch.ts';
import { SIMPLE_CONFIG } from './support/broker.ts';
import { createTestIssuer, type TestIssuer } from './support/issuer.ts';

let issuer: TestIssuer;
let simulator: Simulator;

beforeEach(async () => {
  issuer = await createTestIssuer();
  simulator = await startSimulator({
    now: Date.now,
    buckets: ['app-media'],
    region: 'cn-hangzhou',
  });
});

afterEach(async () => {
  await Promise.all([issuer.close(), simulator.close()]);
});

/** A broker whose config is a variable, as if it were a file. */
function startReloading() {
  const file = {
    text: SIMPLE_CONFIG.replace('{{issuer}}', issuer.url)
      .replace('{{sts}}', simulator.sts.url)
      .replace('{{oss}}', simulator.oss.url),
    version: 1,
    reads: 0,
  };
  const clock = { nowMs: Date.now() };
  const told: string[] = [];
  const lines: AuditLine[] = [];
  const open = async () => {
    file.reads++;
    return loadConfig({ text: file.text, file: 'broker.yaml', environment: {} });
  };
  const broker = createReloadingBroker({
    config: loadConfig({ text: file.text, file: 'broker.yaml', environment: {} }).config,
    version: '1',
    open,
    readVersion: async () => String(file.version),
    now: () => clock.nowMs,
    tell: (message) => void told.push(message),
    build: (config) =>
      createBroker({
        config,
        sourceCredentials: createStaticCredentials(simulator.sourceCredentials),
        recordAudit: async (line) => void lines.push(line),
        now: () => clock.nowMs,
        fetchIssuer: createFetchIssuer({ lookup }),
        randomUuid: randomUUID,
        random: () => 0,
        isOnFunctionCompute: false,
      }),
  });
  const write = (change: (text: string) => string) => {
    file.text = change(file.text);
    file.version++;
  };
  return { broker, file, clock, told, lines, write };
}

async function ask(broker: ReloadingBroker): Promise<number> {
  const headers = { Authorization: `Bearer ${await issuer.token()}` };
  const response = await broker.fetch(new Request('http://broker/v1/credentials', { headers }), {});
  await new Promise((resolve) => setImmediate(resolve));
  return response.status;
}

const killSwitch = (text: string) =>
  text.replace('    audiences:', '    tokensValidAfter: 2099-01-01T00:00:00Z\n    audiences:');

describe('a running broker', () => {
  it('takes up a changed config after a request has made it look, and refuses by it', async () => {
    const { broker, clock, told, lines, write } = startReloading();
    const before = await ask(broker);
    write(killSwitch);
    clock.nowMs += 2001;
    const looking = await ask(broker);
    const after = await ask(broker);

    expect([before, looking, after]).toEqual([200, 200, 401]);
    expect(told.join()).toMatch(/config [0-9a-f]{12} is in use/);
    expect(lines.at(-1)).toMatchObject({ reason: 'token_revoked' });
    expect(lines.at(-1)?.configRevision).not.toBe(lines[0]?.configRevision);
  });

  it('looks no more than once in two seconds, and reads only what has changed', async () => {
    const { broker, file, clock, write } = startReloading();
    await Promise.all(Array.from({ length: 20 }, () => ask(broker)));
    expect(file.reads).toBe(0);

    clock.nowMs += 2001;
    await Promise.all(Array.from({ length: 20 }, () => ask(broker)));
    expect(file.reads).toBe(0);

    write((text) => `${text}# a comment\n`);
    clock.nowMs += 2001;
    await Promise.all(Array.from({ length: 20 }, () => ask(broker)));
    expect(file.reads).toBe(1);
  });

  it('tells of a bad config with its lines, and goes on with the good one', async () => {
    const { broker, clock, told, lines, write } = startReloading();
    await ask(broker);
    write((text) => text.replace('audiences: [oss-token-broker]', 'audiences: []'));
    clock.nowMs += 2001;
    await ask(broker);

    expect(await ask(broker)).toBe(200);
    expect(told.join('\n')).toContain('issuers[0].audiences: must name at least one audience');
    expect(told.join('\n')).toContain('stays in use');
    expect(lines.at(-1)?.configRevision).toBe(lines[0]?.configRevision);

    write((text) => killSwitch(text.replace('audiences: []', 'audiences: [oss-token-broker]')));
    clock.nowMs += 2001;
    await ask(broker);
    expect(await ask(broker)).toBe(401);
  });

  it('looks at once when it is told to', async () => {
    const { broker, write } = startReloading();
    expect(await ask(broker)).toBe(200);

    write(killSwitch);
    await broker.reload();
    expect(await ask(broker)).toBe(401);
  });

  it('finishes a request with the config that it began with', async () => {
    const { broker, write } = startReloading();
    simulator.sts.faults.once({ kind: 'slow', delayMs: 200 });
    const slow = ask(broker);
    while (simulator.sts.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    write(killSwitch);
    await broker.reload();

    expect(await slow).toBe(200);
    expect(await ask(broker)).toBe(401);
  });
});
