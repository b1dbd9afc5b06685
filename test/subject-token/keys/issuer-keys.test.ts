/** Loads that finish late because the function was frozen, and loads that fail. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { OperationalEvent } from '../../../src/observe/event.ts';
import { createFetchedKeys } from '../../../src/subject-token/keys/issuer-keys.ts';
import { IssuerProblem } from '../../../src/subject-token/keys/issuer-problem.ts';
import { type KeySet, readKeySet } from '../../../src/subject-token/keys/key-set.ts';
import { generateSigningKey } from '../../support/keys.ts';
import { createTestClock, refusalOf } from '../arrange.ts';

interface Load {
  readonly resolve: (keySet: KeySet) => void;
  readonly fail: () => void;
}

const MINUTE = 60;

let clock: ReturnType<typeof createTestClock>;
let loads: Load[];
let events: OperationalEvent[];
let keys: ReturnType<typeof createFetchedKeys>;
beforeEach(() => {
  clock = createTestClock();
  loads = [];
  events = [];
  keys = createFetchedKeys({
    issuerName: 'test',
    now: clock.now,
    random: () => 1,
    timeoutMs: 5000,
    observe: (event) => events.push(event),
    load: () =>
      new Promise((resolve, stop) => {
        loads.push({ resolve, fail: () => stop(new IssuerProblem('unplugged')) });
      }),
  });
});

async function find(keyId: string) {
  const { key } = await keys.find({ algorithm: 'ES256', keyId });
  return key;
}

function keySetWith(keyId: string): Promise<KeySet> {
  return readKeySet({ keys: [generateSigningKey('ES256', keyId).publicJwk] }, ['ES256']);
}

describe('a load that finishes late', () => {
  it('serves the requests that still wait for it', async () => {
    const waiting = find('a');
    clock.advanceSeconds(60 * MINUTE);

    loads[0]?.resolve(await keySetWith('a'));

    expect((await waiting).type).toBe('public');
    // The keys are as old as the start of the load, so the next request refreshes them and waits once.
    const next = find('b');
    expect(loads).toHaveLength(2);
    loads[1]?.resolve(await keySetWith('b'));
    expect((await next).type).toBe('public');
  });

  it('does not replace the keys of a later load', async () => {
    const first = find('old');
    clock.advanceSeconds(10);
    const second = find('new');
    expect(loads).toHaveLength(2);

    loads[1]?.resolve(await keySetWith('new'));
    await second;
    loads[0]?.resolve(await keySetWith('old'));

    expect((await refusalOf(first)).reason).toBe('key_unknown');
    expect((await find('new')).type).toBe('public');
    expect(events).toHaveLength(1);
  });

  it('does not count as a failure of the issuer', async () => {
    const waiting = refusalOf(find('a'));
    clock.advanceSeconds(60 * MINUTE);
    loads[0]?.fail();

    expect(await waiting).toEqual({
      reason: 'issuer_keys_unavailable',
      issuerName: 'test',
      problem: 'the keys could not be loaded in time',
      retryAfterSeconds: 1,
    });
    expect(events).toEqual([]);
    // So there is no backoff either.
    const next = find('a');
    expect(loads).toHaveLength(2);
    loads[1]?.resolve(await keySetWith('a'));
    await next;
  });

  it('does not count as a failure of a later load', async () => {
    const first = refusalOf(find('a'));
    clock.advanceSeconds(10);
    const second = find('a');

    loads[0]?.fail();
    expect((await first).reason).toBe('issuer_keys_unavailable');
    const third = find('a');
    loads[1]?.resolve(await keySetWith('a'));

    await Promise.all([second, third]);
    expect(loads).toHaveLength(2);
    expect(events.map((event) => event.kind)).toEqual(['keys_loaded']);
  });
});

describe('a load that fails in time', () => {
  it('is forgotten after the next success', async () => {
    const failing = refusalOf(find('a'));
    loads[0]?.fail();
    expect((await failing).reason).toBe('issuer_keys_unavailable');
    clock.advanceSeconds(1);
    const succeeding = find('a');
    loads[1]?.resolve(await keySetWith('a'));
    await succeeding;

    const unknown = refusalOf(find('made-up'));
    await expect.poll(() => loads.length).toBe(3);
    loads[2]?.resolve(await keySetWith('a'));

    expect((await unknown).reason).toBe('key_unknown');
  });

  it('is reported without the message of an unexpected error', async () => {
    keys = createFetchedKeys({
      issuerName: 'test',
      now: clock.now,
      random: () => 1,
      timeoutMs: 5000,
      observe: (event) => events.push(event),
      load: async () => {
        throw new TypeError('canary');
      },
    });

    expect(await refusalOf(find('a'))).toMatchObject({ problem: 'unexpected TypeError' });
    expect(JSON.stringify(events)).not.toContain('canary');
  });
});
