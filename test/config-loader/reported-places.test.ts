/** Each problem has its line, its column and what to write instead. */
import { describe, expect, it } from 'vitest';
import { changed, GOOD, problemsOf } from './good-config.ts';

describe('a config with a mistake', () => {
  it.each([
    [
      'region: cn-hangzhou\n',
      '',
      'broker.yaml:1:1 region: is missing; it must be a region id, e.g. cn-hangzhou',
    ],
    [
      'region: cn-hangzhou\n',
      'region: Hangzhou\n',
      'broker.yaml:1:9 region: must be a region id, e.g. cn-hangzhou',
    ],
    ['buckets:', 'bukets:', 'broker.yaml:2:1 has an unknown key "bukets"; did you mean "buckets"?'],
    [
      '{ claim: sub }',
      '{ claim: sub, grammer: name }',
      'broker.yaml:9:27 issuers[0].attributes.user: has an unknown key "grammer"; did you mean "grammar"?',
    ],
    [
      '[oss-token-broker]',
      '[]',
      'broker.yaml:7:16 issuers[0].audiences: must name at least one audience; otherwise subject tokens for other services would be accepted',
    ],
    [
      '    audiences: [oss-token-broker]\n',
      '',
      'broker.yaml:5:5 issuers[0].audiences: is missing; it must be a list of audiences',
    ],
    [
      'https://login.example.com/',
      'http://login.example.com/',
      'broker.yaml:6:13 issuers[0].issuer: must be an https:// URL without query, fragment or password',
    ],
    [
      'https://login.example.com/',
      'https://user:pw@login.example.com/',
      'broker.yaml:6:13 issuers[0].issuer: must be an https:// URL without query, fragment or password',
    ],
    [
      'issuer: app',
      'issuer: apq',
      'broker.yaml:13:13 grants[0].issuer: the issuer "apq" is not defined under issuers; did you mean "app"?',
    ],
    [
      'oss://app-media',
      'oss://app-meda',
      'broker.yaml:16:19 grants[0].allow[0].target: the bucket "app-meda" is not defined under buckets; did you mean "app-media"?',
    ],
    [
      '{user}',
      '{usr}',
      'broker.yaml:16:19 grants[0].allow[0].target: the attribute "usr" is not defined under attributes of the issuer; did you mean "user"?',
    ],
    [
      'users/{user}/"',
      'users/{user}-{user}/"',
      'broker.yaml:16:19 grants[0].allow[0].target: "{user}-{user}" has two attributes in one segment, so that two callers could share one key; put a "/" between them',
    ],
    [
      'users/{user}/"',
      'x-{teams}/"',
      'broker.yaml:16:19 grants[0].allow[0].target: "x-{teams}" has text next to an attribute of the grammar path; give the attribute its own segment',
    ],
    [
      'users/{user}/"',
      'users/*/"',
      'broker.yaml:16:19 grants[0].allow[0].target: the key contains "*", which is not allowed',
    ],
    [
      'users/{user}/"',
      'users/../{user}/"',
      'broker.yaml:16:19 grants[0].allow[0].target: the key has "." or ".." as a segment',
    ],
    [
      'users/{user}/"',
      'users//{user}/"',
      'broker.yaml:16:19 grants[0].allow[0].target: the key has an empty segment',
    ],
    [
      'oss://app-media/users/{user}/',
      'oss://{user}/x/',
      'broker.yaml:16:19 grants[0].allow[0].target: the bucket must not contain an attribute; use attributes in the key only',
    ],
    [
      'oss://app-media/users/{user}/',
      'app-media/users',
      'broker.yaml:16:19 grants[0].allow[0].target: must be oss://bucket/prefix/, oss://bucket/key or oss://bucket/',
    ],
    [
      'users/{user}/"',
      'users/{user}"',
      'broker.yaml:16:64 grants[0].allow[0].permissions: has list, but a single object cannot be listed; end the target with "/", or remove list',
    ],
    [
      '[read, write, list]',
      '[red]',
      'broker.yaml:16:66 grants[0].allow[0].permissions[0]: must be read, write, list or delete',
    ],
    [
      '[read, write, list]',
      '[]',
      'broker.yaml:16:9 grants[0].allow[0]: allows nothing; add permissions, e.g. permissions: [read, write]',
    ],
    [
      'acs:ram::123456789012:role/oss-uploader',
      'oss-uploader',
      'broker.yaml:14:11 grants[0].role: must be a role ARN, e.g. acs:ram::123456789012:role/oss-uploader',
    ],
  ])('reports "%s" that was changed to "%s"', (from, to, problem) => {
    expect(problemsOf(changed(from, to))).toContain(problem);
  });

  it('reports all problems at once, in the order of their lines', () => {
    const text = changed('cn-hangzhou\nbuckets', 'x\nbuckets')
      .replace('{ region: cn-hangzhou }', '{ region: cn-hangzhou, endpont: internal }')
      .replace('https://login', 'http://login')
      .replace('[oss-token-broker]', '[]')
      .replace('{ claim: sub }', '{ clam: sub }')
      .replace('issuer: app', 'issuer: web')
      .replace('acs:ram', 'ram')
      .replace('write, list', 'append')
      .replace('users/{user}/', '{user}{user}/');
    const problems = problemsOf(`${text}bogus: 1\n`);

    expect(problems.length).toBeGreaterThanOrEqual(10);
    const lines = problems.map((problem) => Number(problem.split(':')[1]));
    expect(lines).toEqual([...lines].sort((a, b) => a - b));
  });

  it('reports a session policy that could be larger than STS accepts', () => {
    const targets = Array.from(
      { length: 12 },
      (_, n) =>
        `      - { target: "oss://app-media/some-long-prefix-${n}/{user}/", permissions: [read, list] }`,
    );

    expect(problemsOf(`${GOOD}${targets.join('\n')}\n`).join('\n')).toMatch(
      /grants\[0\]\.allow: can need a session policy of \d{4} bytes, but STS accepts at most 2047/,
    );
  });

  it.each([
    ['two keys alike', `${GOOD}region: cn-beijing\n`],
    ['a tab for indentation', 'region:\n\t- x'],
    ['nothing', ''],
    ['a list', '- region'],
    ['half a map', 'region: {'],
    [
      'aliases that multiply',
      `a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [${'*a, '.repeat(10)}]\nc: &c [${'*b, '.repeat(10)}]\nd: [${'*c, '.repeat(10)}]\n`,
    ],
    ['nine megabytes', `# ${'x'.repeat(9 * 2 ** 20)}`],
  ])('does not load: %s', (_what, text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });
});
