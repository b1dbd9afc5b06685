import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config-loader/load-config.ts';

interface GrantText {
  readonly name: string;
  /** A list of allowances in YAML. */
  readonly allow: string;
  readonly more?: string;
}

function warningsFor(...grants: readonly GrantText[]) {
  const text = `region: cn-hangzhou
buckets: { app-media: { region: cn-hangzhou }, other: { region: cn-hangzhou } }
issuers:
  - name: app
    issuer: https://login.example.com/
    audiences: [oss-token-broker]
    attributes: { user: { claim: sub } }
grants:
${grants
  .map(
    ({ name, allow, more = '' }) => `  - name: ${name}
    issuer: app
    when: [{ claim: kind, equals: ${name} }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: ${allow}
${more}`,
  )
  .join('\n')}`;
  const { warnings } = loadConfig({ text, file: 'broker.yaml', environment: {} });
  return warnings.filter(({ message }) => message.includes('symbolic link'));
}

const files = (permissions: string, target = 'oss://app-media/users/{user}/'): GrantText => ({
  name: 'files',
  allow: `[{ target: "${target}", permissions: [${permissions}] }]`,
});
const REPORTS: GrantText = {
  name: 'reports',
  allow: '[{ target: "oss://app-media/reports/", permissions: [read] }]',
};

describe('a grant that could make a symbolic link and read it', () => {
  it('is warned about in a bucket where another grant has a target', () => {
    const warnings = warningsFor(REPORTS, files('list, read, write'));

    expect(warnings).toEqual([
      {
        file: 'broker.yaml',
        line: 19,
        column: expect.any(Number),
        path: 'grants[1].allow[0]',
        rule: 'symlink-reach',
        message:
          'gives read and write in the bucket app-media, where other grants have targets too (reports); OSS does not document whether a session policy holds at the destination of a symbolic link, so settle it with npm run probe:symlinks, or use a bucket for this grant alone',
      },
    ]);
  });

  it('is warned about once a bucket, with a few of the other grants', () => {
    const others = ['a', 'b', 'c', 'd'].map((name) => ({ ...REPORTS, name }));
    const both =
      '[{ target: "oss://app-media/x/", permissions: [read, write] }, { target: "oss://app-media/y/", permissions: [read, write] }]';
    const warnings = warningsFor({ name: 'files', allow: both }, ...others);

    expect(warnings.map(({ path }) => path)).toEqual(['grants[0].allow[0]']);
    expect(warnings[0]?.message).toContain('(a, b, c, …)');
  });

  it.each([
    [
      'with actions in place of permissions',
      '[{ target: "oss://app-media/x/", permissions: [], actions: [oss:GetObject, oss:PutObject] }]',
      0,
    ],
    [
      'with a target to read around the one to write',
      '[{ target: "oss://app-media/x/", permissions: [read] }, { target: "oss://app-media/x/in/", permissions: [write] }]',
      1,
    ],
    [
      'with targets that some value makes one',
      '[{ target: "oss://app-media/{user}/", permissions: [read] }, { target: "oss://app-media/x/", permissions: [write] }]',
      1,
    ],
  ])('is warned about %s', (_how, allow, at) => {
    expect(warningsFor({ name: 'files', allow }, REPORTS).map(({ path }) => path)).toEqual([
      `grants[0].allow[${at}]`,
    ]);
  });

  it.each<[string, readonly GrantText[]]>([
    ['only reads', [files('read, list'), REPORTS]],
    ['only writes', [files('write, delete'), REPORTS]],
    ['is alone in its bucket', [files('read, write', 'oss://other/{user}/'), REPORTS]],
    ['reads the whole bucket anyway', [files('read, write', 'oss://app-media/'), REPORTS]],
    [
      'reads and writes in different places',
      [
        {
          name: 'files',
          allow:
            '[{ target: "oss://app-media/x/", permissions: [read] }, { target: "oss://app-media/y/", permissions: [write] }]',
        },
        REPORTS,
      ],
    ],
    [
      'reads and writes in different buckets',
      [
        {
          name: 'files',
          allow:
            '[{ target: "oss://app-media/x/", permissions: [read] }, { target: "oss://other/x/", permissions: [write] }]',
        },
        REPORTS,
      ],
    ],
    [
      'stands beside a grant in report mode',
      [files('read, write'), { ...REPORTS, more: '    mode: report\n' }],
    ],
    ['is in report mode', [{ ...files('read, write'), more: '    mode: report\n' }, REPORTS]],
  ])('is not warned about if it %s', (_what, grants) => {
    expect(warningsFor(...grants)).toEqual([]);
  });
});
