import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { limitedConfig } from '../limits/arrange.ts';

const load = (lines: Parameters<typeof limitedConfig>[0]) => {
  const text = limitedConfig(lines)
    .replace('{{issuer}}', 'https://login.example.com')
    .replace('{{sts}}', 'sts.example.com')
    .replace('{{oss}}', 'https://oss.example.com');
  return loadConfig({ text, file: 'broker.yaml', environment: {} }).config;
};

function problemsOf(lines: Parameters<typeof limitedConfig>[0]): readonly string[] {
  try {
    load(lines);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path} ${message}`);
  }
}

describe('limits in the config', () => {
  it('are absent by default', () => {
    const { issuers, grants, ...config } = load({});

    expect(config).not.toHaveProperty('limits');
    expect(config).not.toHaveProperty('store');
    for (const entry of [...issuers, ...grants]) {
      expect(entry).not.toHaveProperty('deny');
      expect(entry).not.toHaveProperty('oneTimeTokens');
      expect(entry).not.toHaveProperty('disabled');
      expect(entry).not.toHaveProperty('tokensValidAfter');
    }
  });

  it('are read with their units and with the defaults of the store', () => {
    const { limits, store } = load({
      top: `
limits:
  subject: { requests: 60, window: 1m }
  address: { requests: 1, window: 1s }
  issuer: { requests: 1000000, window: 24h }
  refusedTokens: { requests: 5, window: 1h }
store: { redisUrlFrom: REDIS_URL }`,
    });

    expect(limits).toEqual({
      subject: { requests: 60, windowSeconds: 60 },
      address: { requests: 1, windowSeconds: 1 },
      issuer: { requests: 1_000_000, windowSeconds: 86_400 },
      refusedTokens: { requests: 5, windowSeconds: 3600 },
    });
    expect(store).toEqual({
      redisUrlFrom: 'REDIS_URL',
      timeoutMs: 100,
      prefix: 'oss-token-broker',
      oneTimeTokensWhenDown: 'refuse',
    });
  });

  it('may be set per issuer and grant', () => {
    const { issuers, grants } = load({
      issuer: 'oneTimeTokens: true\n    deny: { subjects: [a], tokenIds: [b], keyIds: [c] }',
      grant:
        'disabled: true\n    tokensValidAfter: 2026-11-01T00:00:00.5Z\n    deny: { subjects: [d] }',
    });

    expect(issuers[0]).toMatchObject({
      oneTimeTokens: true,
      deny: { subjects: ['a'], tokenIds: ['b'], keyIds: ['c'] },
    });
    expect(grants[0]).toMatchObject({
      disabled: true,
      tokensValidAfter: Date.parse('2026-11-01T00:00:01Z') / 1000,
      deny: { subjects: ['d'], tokenIds: [], keyIds: [] },
    });
  });

  const rateWords = 'must be like { requests: 60, window: 1m }';
  const requestsWords = 'must be a whole number from 1 to 1000000';
  const windowWords = 'must be a duration from 1s to 24h';
  const timeoutWords = 'must be from 10ms to 5000ms, written like 100ms';

  it.each([
    ['limits: { subject: 60 }', `limits.subject ${rateWords}`],
    [
      'limits: { subject: { requests: 0, window: 1m } }',
      `limits.subject.requests ${requestsWords}`,
    ],
    [
      'limits: { subject: { requests: 1.5, window: 1m } }',
      `limits.subject.requests ${requestsWords}`,
    ],
    [
      'limits: { subject: { requests: "9", window: 1m } }',
      `limits.subject.requests ${requestsWords}`,
    ],
    [
      'limits: { subject: { requests: 1000001, window: 1m } }',
      `limits.subject.requests ${requestsWords}`,
    ],
    ['limits: { subject: { requests: 1, window: 60 } }', `limits.subject.window ${windowWords}`],
    ['limits: { subject: { requests: 1, window: 25h } }', `limits.subject.window ${windowWords}`],
    ['limits: { subject: { requests: 1, window: 0s } }', `limits.subject.window ${windowWords}`],
    ['store: { redisUrlFrom: REDIS_URL, timeout: 1s }', `store.timeout ${timeoutWords}`],
    ['store: { redisUrlFrom: REDIS_URL, timeout: 9ms }', `store.timeout ${timeoutWords}`],
    ['store: { redisUrlFrom: REDIS_URL, timeout: 5001ms }', `store.timeout ${timeoutWords}`],
    [
      'store: { redisUrlFrom: REDIS_URL, prefix: "a b" }',
      'store.prefix must be 1 to 64 letters, digits, "_", ":", "-"',
    ],
    [
      'store: { redisUrlFrom: REDIS_URL, oneTimeTokensWhenDown: allow }',
      'store.oneTimeTokensWhenDown must be refuse or memory',
    ],
    [
      'store: { redisUrlFrom: "rediss://user:password@host" }',
      'store.redisUrlFrom must be the name of an environment variable, e.g. REDIS_URL, and not the URL itself',
    ],
  ])('are refused if the config has %s', (top, problem) => {
    expect(problemsOf({ top })).toEqual([problem]);
  });

  it.each([
    'limits: { subjects: { requests: 1, window: 1m } }',
    'limits: { subject: { requests: 1, window: 1m, burst: 2 } }',
    'limits: { subject: { requests: 1 } }',
    'store: {}',
    'store: { redisUrlFrom: REDIS_URL, url: x }',
  ])('are refused also with %s', (top) => {
    expect(problemsOf({ top })).toHaveLength(1);
  });

  it.each([
    [{ issuer: 'deny: { subject: [a] }' }],
    [{ issuer: 'deny: { subjects: a }' }],
    [{ issuer: 'deny: { subjects: [""] }' }],
    [{ issuer: 'deny: { keyIds: [7] }' }],
    [{ issuer: 'oneTimeTokens: yes please' }],
    [{ issuer: 'disabled: true' }],
    [{ grant: 'disabled: 1' }],
    [{ grant: 'oneTimeTokens: true' }],
    [{ grant: 'tokensValidAfter: yesterday' }],
  ])('are refused with the lines %o', (lines) => {
    expect(problemsOf(lines)).toHaveLength(1);
  });
});
