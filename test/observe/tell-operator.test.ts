/** The lines on standard error for events that are not decisions about a request. */
import { describe, expect, it } from 'vitest';
import type { OperationalEvent } from '../../src/observe/event.ts';
import { createTellOperator } from '../../src/observe/tell-operator.ts';
import { tellInto } from '../support/observe.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

function arrange() {
  const clock = { nowMs: Date.UTC(2026, 10, 25) };
  const told: string[] = [];
  return { clock, told, observe: tellInto(told, () => clock.nowMs) };
}

const LOADED: OperationalEvent = { kind: 'keys_loaded', issuerName: 'app', keys: 2, dropped: [] };
const FAILED: OperationalEvent = {
  kind: 'key_refresh_failed',
  issuerName: 'app',
  problem: 'the JWKS: answered with status 500',
};

describe('the report to the operator', () => {
  it.each<[OperationalEvent, string]>([
    [LOADED, 'issuer app: 2 keys loaded'],
    [
      { ...LOADED, keys: 1, dropped: ['key 0 has a modulus of 1024 bits'] },
      'issuer app: 1 key loaded; left out: key 0 has a modulus of 1024 bits',
    ],
    [FAILED, 'issuer app: the keys cannot be loaded: the JWKS: answered with status 500'],
    [
      { kind: 'sts_throttled' },
      'STS throttles AssumeRole: it allows 100 calls a second for the whole account',
    ],
    [
      { kind: 'circuit_opened', problem: 'the connection failed (ECONNREFUSED)' },
      'STS fails (the connection failed (ECONNREFUSED)): requests are refused until it answers again',
    ],
    [{ kind: 'circuit_closed' }, 'STS answers again'],
    [
      { kind: 'store_lost', problem: 'no answer in 100 ms' },
      'Redis is unavailable (no answer in 100 ms); limits are counted in memory',
    ],
    [{ kind: 'store_back' }, 'Redis is used again'],
    [
      { kind: 'source_credentials_failed', source: 'file', problem: 'file: it is not JSON' },
      'source credentials are unavailable: file: it is not JSON',
    ],
    [
      { kind: 'source_credentials_refused', problem: 'STS answered X' },
      'STS refuses the source credentials: STS answered X',
    ],
    [{ kind: 'config_applied', revision: '0123456789abcdef' }, 'config 0123456789ab is in use'],
    [
      { kind: 'config_refused', problem: 'broker.yaml:1:1 is empty', revisionInUse: 'abcdef' },
      'broker.yaml:1:1 is empty\nconfig abcdef stays in use',
    ],
    [{ kind: 'config_warning', warning: 'broker.yaml:7:3 x' }, 'warning: broker.yaml:7:3 x'],
    [
      { kind: 'restart_needed', section: 'store' },
      'the config changes store: restart the broker to apply it',
    ],
    [{ kind: 'audit_lines_lost', lines: 3 }, 'the audit log is written again: 3 lines were lost'],
    [
      { kind: 'audit_failed', problem: 'ENOSPC' },
      'the audit log cannot be written (ENOSPC): no credential is handed out; check what reads standard output, and whether its disk is full',
    ],
  ])('is one line for %o', (event, line) => {
    const { told, observe } = arrange();
    observe(event);

    expect(told).toEqual([line]);
  });

  it('contains a state once, however often it is confirmed', () => {
    const { clock, told, observe } = arrange();
    for (let hour = 0; hour < 24; hour++) {
      observe(LOADED);
      clock.nowMs += 60 * MINUTE;
    }

    expect(told).toEqual(['issuer app: 2 keys loaded']);
  });

  it('repeats a lasting problem once a minute, with the number of lines left out', () => {
    const { clock, told, observe } = arrange();
    for (let second = 0; second < 120; second++) {
      observe({ kind: 'sts_throttled' });
      clock.nowMs += SECOND;
    }

    expect(told).toEqual([
      expect.stringMatching(/whole account$/),
      expect.stringMatching(/whole account \(59 more lines about this were left out\)$/),
    ]);
  });

  it('says at once that a problem is over', () => {
    const { clock, told, observe } = arrange();
    observe(FAILED);
    clock.nowMs += SECOND;
    observe(LOADED);
    clock.nowMs += SECOND;
    observe(FAILED);

    expect(told).toHaveLength(3);
  });

  it('limits the lines about changing states, and says that lines are left out', () => {
    const { clock, told, observe } = arrange();
    for (let change = 0; change < 1000; change++) {
      observe(
        change % 2 === 0 ? { kind: 'circuit_opened', problem: 'x' } : { kind: 'circuit_closed' },
      );
      clock.nowMs += 10;
    }

    expect(told).toHaveLength(6);
    expect(told[5]).toMatch(/\(further lines about this are left out for a minute\)$/);
    clock.nowMs += MINUTE;
    observe({ kind: 'circuit_opened', problem: 'x' });
    expect(told[6]).toMatch(/\(994 more lines about this were left out\)$/);
  });

  it('limits each issuer separately', () => {
    const { told, observe } = arrange();
    for (const issuerName of ['a', 'b', 'c']) observe({ ...FAILED, issuerName });

    expect(told).toHaveLength(3);
  });

  it('contains a line each time the config is reloaded', () => {
    const { told, observe } = arrange();
    const refused = { kind: 'config_refused', problem: 'is empty', revisionInUse: 'a' } as const;
    observe(refused);
    observe(refused);

    expect(told).toHaveLength(2);
  });

  it('says of each config which one is in use, however many an operator tries in a minute', () => {
    const { told, observe } = arrange();
    for (let attempt = 0; attempt < 20; attempt++) {
      observe({ kind: 'config_refused', problem: 'is empty', revisionInUse: 'a' });
    }
    observe({ kind: 'config_applied', revision: 'b' });

    expect(told).toHaveLength(21);
    expect(told.at(-1)).toBe('config b is in use');
  });

  it.each<OperationalEvent>([
    { kind: 'restart_needed', section: 'store' },
    { kind: 'config_warning', warning: 'broker.yaml:7:3 x' },
  ])('says of each config what it brings with it, though an earlier one did: %o', (event) => {
    const { clock, told, observe } = arrange();
    observe(event);
    observe({ kind: 'config_applied', revision: 'b' });
    observe({ kind: 'config_applied', revision: 'a' });
    clock.nowMs += 60 * MINUTE;
    observe(event);

    expect(told[3]).toBe(told[0]);
  });

  it('limits the lines about an audit log that loses lines', () => {
    const { told, observe } = arrange();
    for (let line = 0; line < 100; line++) observe({ kind: 'audit_lines_lost', lines: 1 });

    expect(told).toHaveLength(6);
  });

  it('repeats a problem after the clock was set back', () => {
    const { clock, told, observe } = arrange();
    observe(FAILED);
    clock.nowMs -= 60 * MINUTE;
    observe(FAILED);

    expect(told).toHaveLength(2);
  });

  it('ignores a standard error that is closed', () => {
    const observe = createTellOperator({
      now: Date.now,
      tell: () => {
        throw new Error('EPIPE');
      },
    });

    expect(() => observe(LOADED)).not.toThrow();
  });
});
