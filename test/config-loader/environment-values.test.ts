/** References to environment variables in a config. */
import { describe, expect, it } from 'vitest';
import { changed, load, problemsOf } from './good-config.ts';

describe('a value from the environment', () => {
  const WITH_REFERENCE = changed('[oss-token-broker]', '["${env:AUDIENCE}"]');

  it('is inserted once, as text, and never parsed as YAML', () => {
    const hostile = 'x, "y"]\n    jwksUri: https://evil.example.com # ${env:OTHER}';
    const { config } = load(WITH_REFERENCE, { AUDIENCE: hostile, OTHER: 'again' });

    expect(config.issuers[0]?.audiences).toEqual([hostile]);
    expect(config.issuers[0]?.keys).toEqual({ kind: 'discovery' });
  });

  it('is reported by name and place if it is not set', () => {
    expect(problemsOf(WITH_REFERENCE)).toContain(
      'broker.yaml:7:17 the environment variable "AUDIENCE" is not set; set it, or write the value here',
    );
  });

  it('is never repeated in a problem', () => {
    const text = changed('acs:ram::123456789012:role/oss-uploader', '${env:ROLE}').replace(
      'issuer: app',
      'issuer: web',
    );

    expect(problemsOf(text, { ROLE: 'canary-secret' }).join('\n')).not.toContain('canary');
  });
});
