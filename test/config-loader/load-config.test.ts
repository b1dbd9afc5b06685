/** What becomes of a good config, and of any other text. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { fc } from '../support/seeded.ts';
import { changed, GOOD, load } from './good-config.ts';

describe('a good config', () => {
  it('becomes plain, frozen data with defaults filled in', () => {
    const { config, warnings } = load(GOOD);

    expect(warnings).toEqual([]);
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
    expect(config).toMatchObject({
      revision: expect.stringMatching(/^[0-9a-f]{64}$/),
      sts: { network: 'public', timeoutMs: 5000 },
      buckets: [{ name: 'app-media', endpoint: 'https://oss-cn-hangzhou.aliyuncs.com' }],
      issuers: [
        {
          keys: { kind: 'discovery' },
          algorithms: ['RS256', 'ES256'],
          types: ['jwt', 'at+jwt'],
          maxTokenAgeSeconds: 86_400,
          clockToleranceSeconds: 30,
        },
      ],
      grants: [
        {
          allow: [{ target: { bucket: 'app-media', key: ['users/', { attribute: 'user' }, '/'] } }],
          duration: { defaultSeconds: 900, maxSeconds: 3600, strict: false },
          restrict: { https: true },
          publicAcl: 'deny',
        },
      ],
    });
    expect(Object.isFrozen(config.grants[0]?.allow[0]?.target.key)).toBe(true);
  });

  it('has another revision exactly when its meaning changes', () => {
    const { revision } = load(GOOD).config;

    expect(load(`# a comment\n${GOOD}`).config.revision).toBe(revision);
    expect(load(changed('users/', 'people/')).config.revision).not.toBe(revision);
  });

  it.each([
    ['internal', 'https://oss-cn-hangzhou-internal.aliyuncs.com'],
    ['accelerate', 'https://oss-accelerate.aliyuncs.com'],
    ['https://media.example.com/', 'https://media.example.com'],
    ['http://127.0.0.1:9003', 'http://127.0.0.1:9003'],
  ])('accepts %s as the endpoint of a bucket', (written, endpoint) => {
    const text = changed(
      '{ region: cn-hangzhou }',
      `{ region: cn-hangzhou, endpoint: "${written}" }`,
    );

    expect(load(text).config.buckets[0]?.endpoint).toBe(endpoint);
  });
});

describe('any text', () => {
  const runs = { numRuns: Number(process.env['FC_RUNS'] ?? 200) };

  it('loads, or is refused with at least one problem', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc
        .tuple(fc.nat(GOOD.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 20 }))
        .map(([at, length, piece]) => GOOD.slice(0, at) + piece + GOOD.slice(at + length)),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          expect(load(text).config.grants.length).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.problems.length).toBeGreaterThan(0);
        }
      }),
      runs,
    );
  });
});
