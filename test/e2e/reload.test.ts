import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns';
import { decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { createStaticCredentials } from '../../simulator/static-credentials.ts';
import type { AuditLine } from '../../src/audit/line.ts';
import { createBroker } from '../../src/broker.ts';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { parseConfig } from '../../src/config-loader/parse-config.ts';
import {
  createReloadingBroker,
  MAX_WAIT_MS,
  type ReloadingBroker,
} from '../../src/reloading-broker.ts';
import { createFetchIssuer } from '../../src/subject-token/keys/issuer-fetch.ts';
import { createKeptIssuerKeys } from '../../src/subject-token/keys/kept-issuer-keys.ts';
import { SIMPLE_CONFIG } from '../support/broker.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { ignoreEvents, tellInto } from '../support/observe.ts';

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
  vi.restoreAllMocks();
  await Promise.all([issuer.close(), simulator.close()]);
});

/** Starts a broker whose config file is a variable. */
function startReloading({ checkEveryMs = 2000 } = {}) {
  const file = {
    text: SIMPLE_CONFIG.replace('{{issuer}}', issuer.url)
      .replace('{{sts}}', simulator.sts.url)
      .replace('{{oss}}', simulator.oss.url),
    version: 1,
    reads: 0,
    isGone: false,
    /** What a check waits for. */
    asked: async () => {},
  };
  const clock = { nowMs: Date.now() };
  const parsing = { wait: async () => {} };
  const operatorLines: string[] = [];
  const lines: AuditLine[] = [];
  let readVersion = 1;
  const read = async () => {
    if (file.isGone) throw unreadable();
    file.reads++;
    readVersion = file.version;
    return { text: file.text, file: 'broker.yaml' };
  };
  const keepIssuerKeys = createKeptIssuerKeys();
  const broker = createReloadingBroker({
    config: loadConfig({ text: file.text, file: 'broker.yaml', environment: {} }).config,
    source: {
      checkEveryMs,
      read,
      async readChange() {
        await file.asked();
        return file.version === readVersion && !file.isGone ? undefined : read();
      },
    },
    async parse(text) {
      await parsing.wait();
      return parseConfig({ ...text, environment: {} });
    },
    now: () => clock.nowMs,
    observe: tellInto(operatorLines, () => clock.nowMs),
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
        usesFunctionRole: false,
        observe: ignoreEvents,
        keepIssuerKeys,
      }),
  });
  const write = (change: (text: string) => string) => {
    file.text = change(file.text);
    file.version++;
  };
  return { broker, file, clock, operatorLines, lines, write, parsing };
}

function unreadable(): ConfigError {
  return new ConfigError([
    { file: 'broker.yaml', line: 1, column: 1, path: '', message: 'cannot be read' },
  ]);
}

/** Counts how often a request begins to wait for a check from here on: no other timer has this length. */
function countWaits(): () => number {
  const spy = vi.spyOn(globalThis, 'setTimeout');
  return () => spy.mock.calls.filter(([, delay]) => delay === MAX_WAIT_MS).length;
}

async function ask(broker: ReloadingBroker, claims = {}): Promise<number> {
  const headers = { Authorization: `Bearer ${await issuer.token(claims)}` };
  const response = await broker.fetch(new Request('http://broker/v1/credentials', { headers }), {});
  await new Promise((resolve) => setImmediate(resolve));
  return response.status;
}

const killSwitch = (text: string) =>
  text.replace('    audiences:', '    tokensValidAfter: 2099-01-01T00:00:00Z\n    audiences:');

describe('a running broker', () => {
  it('checks the config after a request, and applies a change to later requests', async () => {
    const { broker, clock, operatorLines, lines, write } = startReloading();
    const before = await ask(broker);
    write(killSwitch);
    clock.nowMs += 2001;
    const during = await ask(broker);
    const after = await ask(broker);

    expect([before, during, after]).toEqual([200, 200, 401]);
    expect(operatorLines.join()).toMatch(/config [0-9a-f]{12} is in use/);
    expect(lines.at(-1)).toMatchObject({ reason: 'token_revoked' });
    expect(lines.at(-1)?.configRevision).not.toBe(lines[0]?.configRevision);
  });

  it('checks the config before the first request after an idle minute', async () => {
    const { broker, clock, write } = startReloading();
    expect(await ask(broker)).toBe(200);
    write(killSwitch);
    clock.nowMs += 60_000;

    expect(await ask(broker)).toBe(401);
  });

  it('checks the config again if it was frozen during a check', async () => {
    const { broker, file, clock, write } = startReloading();
    let thaw = () => {};
    file.asked = () =>
      new Promise((_resolve, reject) => {
        thaw = () => reject(unreadable());
      });
    clock.nowMs += 2001;
    expect(await ask(broker)).toBe(200);

    write(killSwitch);
    clock.nowMs += 60_000;
    file.asked = async () => {};
    const first = ask(broker);
    // the request waits for the check by now
    await new Promise((resolve) => setTimeout(resolve, 50));
    thaw();

    expect(await first).toBe(401);
  });

  it('uses the config that it has if its source is down, and does not ask again at once', async () => {
    const { broker, file, clock, operatorLines } = startReloading();
    file.isGone = true;
    clock.nowMs += 60_000;
    let checks = 0;
    file.asked = async () => void checks++;

    expect([await ask(broker), await ask(broker)]).toEqual([200, 200]);
    expect(checks).toBe(1);
    expect(operatorLines.join()).toContain('stays in use');
  });

  it('uses the config that it has if its source does not answer in time', async () => {
    const { broker, file, clock } = startReloading();
    file.asked = () => new Promise(() => {});
    clock.nowMs += 60_000;
    const waits = countWaits();

    expect([await ask(broker), await ask(broker)]).toEqual([200, 200]);
    expect(waits()).toBe(1);
  });

  it('waits for no check of a source that never changes', async () => {
    const { broker, clock } = startReloading({ checkEveryMs: Number.POSITIVE_INFINITY });
    clock.nowMs += 60_000;
    const waits = countWaits();

    expect(await ask(broker)).toBe(200);
    expect(waits()).toBe(0);
  });

  it('checks the config at most once in two seconds, and reads it only if it has changed', async () => {
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

  it('reports the problems of an invalid config, and keeps the current one', async () => {
    const { broker, clock, operatorLines, lines, write } = startReloading();
    await ask(broker);
    write((text) => text.replace('audiences: [oss-token-broker]', 'audiences: []'));
    clock.nowMs += 2001;
    await ask(broker);

    expect(await ask(broker)).toBe(200);
    expect(operatorLines.join('\n')).toContain(
      'issuers[0].audiences: must name at least one audience',
    );
    expect(operatorLines.join('\n')).toContain('stays in use');
    expect(lines.at(-1)?.configRevision).toBe(lines[0]?.configRevision);

    write((text) => killSwitch(text.replace('audiences: []', 'audiences: [oss-token-broker]')));
    clock.nowMs += 2001;
    await ask(broker);
    expect(await ask(broker)).toBe(401);
  });

  it('checks the config at once on a call of reload', async () => {
    const { broker, write } = startReloading();
    expect(await ask(broker)).toBe(200);

    write(killSwitch);
    await broker.reload();
    expect(await ask(broker)).toBe(401);
  });

  it('says which config is in use on every call of reload, changed or not', async () => {
    const { broker, file, operatorLines, write } = startReloading();
    await broker.reload();
    expect(operatorLines).toEqual([expect.stringMatching(/^config [0-9a-f]{12} is in use$/)]);
    await broker.reload();
    expect(operatorLines[1]).toBe(operatorLines[0]);

    const good = file.text;
    write((text) => text.replace('audiences: [oss-token-broker]', 'audiences: []'));
    await broker.reload();
    expect(operatorLines).toHaveLength(3);
    expect(operatorLines[2]).toContain('stays in use');
    write(() => good);
    await broker.reload();
    expect(operatorLines.slice(3)).toEqual([operatorLines[0]]);

    write(killSwitch);
    await broker.reload();
    expect(operatorLines).toHaveLength(5);
    expect(operatorLines[4]).not.toBe(operatorLines[0]);
  });

  it('finishes a request with the config that it started with', async () => {
    const { broker, write } = startReloading();
    simulator.sts.faults.once({ kind: 'slow', delayMs: 200 });
    const slow = ask(broker);
    while (simulator.sts.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    write(killSwitch);
    await broker.reload();

    expect(await slow).toBe(200);
    expect(await ask(broker)).toBe(401);
  });

  it.each([
    ['deny: { subjects: [user-1] }', 'subject_denied'],
    ['deny: { tokenIds: [token-1] }', 'token_denied'],
    ['deny: { keyIds: [key-1] }', 'key_denied'],
  ])('applies %s without a restart', async (deny, reason) => {
    const { broker, lines, write } = startReloading();
    const claims = { sub: 'user-1', jti: 'token-1' };
    expect(await ask(broker, claims)).toBe(200);
    const keyId = JSON.stringify(decodeProtectedHeader(await issuer.token()).kid);
    write((text) =>
      text.replace('    audiences:', `    ${deny.replace('key-1', keyId)}\n    audiences:`),
    );
    await broker.reload();

    expect(await ask(broker, claims)).toBe(401);
    expect(lines.at(-1)).toMatchObject({ reason });
  });

  it.each(['disabled: true', 'deny: { subjects: [user-1] }'])(
    'applies %s of a grant without a restart',
    async (line) => {
      const { broker, lines, write } = startReloading();
      expect(await ask(broker)).toBe(200);
      write((text) => text.replace('    issuer: app\n', `    issuer: app\n    ${line}\n`));
      await broker.reload();

      expect(await ask(broker)).toBe(403);
      expect(lines.at(-1)).toMatchObject({ reason: 'grant_disabled' });
    },
  );

  it('keeps the keys of an issuer that is down when the config changes', async () => {
    const { broker, write, clock } = startReloading();
    const token = await issuer.token({ sub: 'user-2' });
    await ask(broker);
    await issuer.close();
    write((text) => text.replace('max: 1h', 'max: 2h'));
    clock.nowMs += 2001;
    await broker.reload();
    const headers = { Authorization: `Bearer ${token}` };

    const answer = await broker.fetch(new Request('http://broker/v1/credentials', { headers }), {});
    expect(answer.status).toBe(200);
  });

  it('reports an unreadable config once per outage, the end of the outage, and every call of reload', async () => {
    const { broker, file, clock, operatorLines } = startReloading();
    const look = async () => {
      clock.nowMs += 2001;
      await ask(broker);
    };
    file.isGone = true;
    await look();
    await look();
    expect(operatorLines).toHaveLength(1);
    expect(operatorLines[0]).toMatch(/broker\.yaml:1:1 cannot be read\n.*stays in use/);

    file.isGone = false;
    await look();
    expect(operatorLines).toHaveLength(2);
    expect(operatorLines[1]).toMatch(/^config [0-9a-f]{12} is in use$/);
    file.isGone = true;
    await look();
    expect(operatorLines).toHaveLength(3);
    await broker.reload();
    expect(operatorLines).toHaveLength(4);
  });

  it('uses the config that it read last, even if an earlier check takes longer', async () => {
    const gate = { open: () => {} };
    const isOpen = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    const { broker, clock, write, parsing } = startReloading();
    parsing.wait = () => isOpen;
    write((text) => text.replace('max: 1h', 'max: 2h'));
    clock.nowMs += 2001;
    await ask(broker);
    parsing.wait = async () => {};
    write(killSwitch);
    const reloaded = broker.reload();
    gate.open();
    await reloaded;

    expect(await ask(broker)).toBe(401);
  });
});
