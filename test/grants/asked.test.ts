import { describe, expect, it } from 'vitest';
import { toAsked } from '../../src/grants/asked.ts';

const NOW_MS = 1_800_000_000_000;
const expiresAt = NOW_MS / 1000 + 600;

describe('what a caller asks for', () => {
  it('has the address of the caller and the seconds that its token has left', () => {
    expect(
      toAsked({ expiresAt }, { grant: 'a' }, { callerAddress: '192.0.2.1', nowMs: NOW_MS }),
    ).toEqual({
      grant: 'a',
      callerAddress: '192.0.2.1',
      tokenLeftSeconds: 600,
    });
  });

  it('counts no second that has begun', () => {
    const leftAt = (nowMs: number) =>
      toAsked({ expiresAt }, {}, { callerAddress: undefined, nowMs }).tokenLeftSeconds;

    expect([NOW_MS, NOW_MS + 1, NOW_MS + 1000, NOW_MS + 1001].map(leftAt)).toEqual([
      600, 599, 599, 598,
    ]);
  });

  it('has its target parsed, or is refused', () => {
    const at = { callerAddress: undefined, nowMs: NOW_MS };

    expect(toAsked({ expiresAt }, { target: 'oss://app-media/a/' }, at).target).toEqual({
      bucket: 'app-media',
      key: 'a/',
    });
    expect(() => toAsked({ expiresAt }, { target: 'app-media/a/' }, at)).toThrow(
      'target_malformed',
    );
  });
});
