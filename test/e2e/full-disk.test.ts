/** What an operator reads while the audit log is on a disk that is full. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { builtBundle } from '../support/built-bundle.ts';
import { type RunningBundle, startBundle } from '../support/bundle.ts';

/** Linux has it: each write to it fails as on a full disk. */
const FULL = '/dev/full';

let cloud: TestBroker;
let running: RunningBundle;
let log: number;

describe.skipIf(!existsSync(FULL))('a full disk', () => {
  beforeEach(async () => {
    cloud = await startTestBroker();
    log = openSync(FULL, 'w');
    running = await startBundle({
      ...builtBundle(),
      text: SIMPLE_CONFIG.replace('{{issuer}}', cloud.issuer.url)
        .replace('{{sts}}', cloud.simulator.sts.url)
        .replace('{{oss}}', cloud.simulator.oss.url),
      simulator: cloud.simulator,
      write: async () => {},
      stdout: log,
    });
  }, 60_000);

  afterEach(async () => {
    await running.close();
    closeSync(log);
    await cloud.close();
  });

  it('is named on standard error while no credential is handed out, and once for many requests', async () => {
    const headers = { Authorization: `Bearer ${await cloud.issuer.token()}` };
    const url = `http://127.0.0.1:${running.port}/v1/credentials`;
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await fetch(url, { headers })).status);
    const lines = () =>
      running
        .errorOutput()
        .split('\n')
        .filter((line) => line.includes('audit log'));
    await vi.waitFor(() => expect(lines()).not.toEqual([]), 2000);

    expect(statuses).toEqual([503, 503, 503, 503, 503]);
    expect(lines()).toEqual([
      'the audit log cannot be written (ENOSPC): no credential is handed out; check what reads standard output, and whether its disk is full',
    ]);
  });
});
