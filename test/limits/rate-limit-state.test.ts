import { describe, expect, it } from 'vitest';
import { toRateLimitHeaders } from '../../src/api/http/rate-limit-headers.ts';
import { toRateLimitState } from '../../src/limits/rate-limit-state.ts';

const SETTINGS = { requests: 3, windowSeconds: 60 };

describe('the reported state of a rate limit', () => {
  it.each([
    [
      { used: 1, leftMs: 60_000 },
      { remaining: 2, resetSeconds: 60 },
    ],
    [
      { used: 3, leftMs: 59_001 },
      { remaining: 0, resetSeconds: 60 },
    ],
    [
      { used: 9, leftMs: 59_000 },
      { remaining: 0, resetSeconds: 59 },
    ],
    [
      { used: 4, leftMs: 1 },
      { remaining: 0, resetSeconds: 1 },
    ],
    [
      { used: 4, leftMs: 0 },
      { remaining: 0, resetSeconds: 1 },
    ],
  ])('is never below zero and never resets too early: %o gives %o', (usage, expected) => {
    expect(toRateLimitState('subject', SETTINGS, usage)).toEqual({
      scope: 'subject',
      limit: 3,
      windowSeconds: 60,
      ...expected,
    });
  });

  it('has one list member in the headers for each limit', () => {
    const states = [
      toRateLimitState('subject', SETTINGS, { used: 1, leftMs: 60_000 }),
      toRateLimitState('address', { requests: 9, windowSeconds: 1 }, { used: 9, leftMs: 900 }),
    ];

    expect(toRateLimitHeaders(states)).toEqual({
      'RateLimit-Policy': '"subject";q=3;w=60, "address";q=9;w=1',
      RateLimit: '"subject";r=2;t=60, "address";r=0;t=1',
    });
    expect(toRateLimitHeaders([])).toEqual({});
  });
});
