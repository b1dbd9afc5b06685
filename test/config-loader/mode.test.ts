import { describe, expect, it } from 'vitest';
import {
  readCompiledConfig,
  writeCompiledConfig,
} from '../../src/config-loader/compiled-config.ts';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';

interface Modes {
  readonly grant?: string;
  readonly condition?: string;
  /** Replaces the condition. */
  readonly when?: string;
  readonly target?: string;
  readonly issuer?: string;
}

function load(modes: Modes) {
  const {
    grant,
    condition,
    target = 'users/{user}/',
    issuer = 'https://login.example.com',
  } = modes;
  const mode = condition === undefined ? '' : `, mode: ${condition}`;
  const { when = `{ claim: repository_owner_id, equals: "1"${mode} }` } = modes;
  const text = `region: cn-hangzhou
buckets:
  app-media: { region: cn-hangzhou }
issuers:
  - name: app
    issuer: ${issuer}
    audiences: [oss-token-broker]
    attributes:
      user: { claim: sub }
grants:
  - name: user-files
    issuer: app
    when: [${when}]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/${target}", permissions: [read] }]
${grant === undefined ? '' : `    mode: ${grant}`}
`;
  return loadConfig({ text, file: 'broker.yaml', environment: {} });
}

function problemOf(modes: Modes): string {
  try {
    load(modes);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the config loaded');
}

describe('the mode', () => {
  it('is kept in the config if it is report', () => {
    const [grant] = load({ grant: 'report', condition: 'report' }).config.grants;

    expect(grant).toMatchObject({ mode: 'report', when: [{ operator: 'equals', mode: 'report' }] });
  });

  it.each([
    '{ claim: plan, equals: pro, mode: report }',
    '{ claim: plan, in: [pro], mode: report }',
    '{ claim: plan, contains: pro, mode: report }',
    '{ claim: plan, startsWith: pro, mode: report }',
    '{ claim: plan, exists: true, mode: report }',
  ])('is accepted in the condition %s', (when) => {
    const [grant] = load({ when }).config.grants;

    expect(grant?.when.map(({ mode }) => mode)).toEqual(['report']);
  });

  it('changes the revision, except for enforce, which is the default', () => {
    const { revision } = load({}).config;

    expect(load({ grant: 'enforce', condition: 'enforce' }).config.revision).toBe(revision);
    expect(load({ grant: 'report' }).config.revision).not.toBe(revision);
    expect(load({ condition: 'report' }).config.revision).not.toBe(revision);
  });

  it('is kept by npm run compile', () => {
    const { config } = load({ grant: 'report', condition: 'report' });

    expect(readCompiledConfig(writeCompiledConfig(config), 'broker.json')).toEqual(config);
  });

  it.each(['Report', 'off', 'true', '[report]', '""'])('cannot be %s', (mode) => {
    expect(problemOf({ grant: mode })).toContain('grants[0].mode: must be enforce or report');
    expect(problemOf({ condition: mode })).toMatch(/grants\[0\]\.when\[0\].*must be /);
  });
});

describe('a condition in report mode', () => {
  const github = 'https://token.actions.githubusercontent.com';
  const warningsOf = (modes: Modes) =>
    load(modes)
      .warnings.map(({ message }) => message)
      .join();

  it('restricts nobody, so the warnings are those of a grant without it', () => {
    expect(warningsOf({ condition: 'report', issuer: github })).toContain(
      'anybody can get a token',
    );
    expect(warningsOf({ condition: 'report', target: 'all/' })).toContain('share its targets');
  });

  it('restricts callers once it is enforced', () => {
    expect(warningsOf({ condition: 'enforce', issuer: github })).toBe('');
    expect(warningsOf({ condition: 'enforce', target: 'all/' })).toBe('');
  });
});
