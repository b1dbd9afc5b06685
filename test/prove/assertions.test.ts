/** Assertions in `broker.yaml`: those that hold, those that are broken, and those that could not fail. */
import { describe, expect, it, vi } from 'vitest';
import type { Assertion } from '../../src/config/assertion.ts';
import { writeCompiledConfig } from '../../src/config-loader/compiled-config.ts';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { parseConfig } from '../../src/config-loader/parse-config.ts';
import { checkAssertions } from '../../src/prove/check-assertions.ts';
import { assertionsProblem } from '../../src/prove/proof-size.ts';
import { createProver } from '../../src/prove/prover.ts';

const BASE = `region: cn-hangzhou
buckets:
  app-media: { region: cn-hangzhou }
issuers:
  - name: app
    issuer: https://login.example.com/
    audiences: [oss-token-broker]
    attributes: { user: { claim: sub }, who: { claim: email, as: hash } }
  - name: partner
    issuer: https://partner.example.com/
    audiences: [oss-token-broker]
    attributes: { folder: { claim: folder, grammar: path } }
grants:
  - name: user-uploads
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow:
      - { target: "oss://app-media/users/{user}/", permissions: [read, write, list] }
      - { target: "oss://app-media/hashed/{who}/", permissions: [read] }
  - name: partner-drop
    issuer: partner
    when: [{ claim: folder, startsWith: "in" }]
    role: acs:ram::123456789012:role/oss-partner
    allow:
      - { target: "oss://app-media/{folder}/", permissions: [write], actions: ["oss:GetObjectTagging"] }
`;

const withAssert = (line: string) => `${BASE}assert:\n  - ${line}\n`;
const load = (text: string) => parseConfig({ text, file: 'broker.yaml', environment: {} });

async function problemsOf(line: string): Promise<readonly string[]> {
  try {
    await load(withAssert(line));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ line: at, path, message }) => `${at} ${path} ${message}`);
  }
}

const PARTNER =
  '{"iss":"https://partner.example.com/","sub":"a","aud":"oss-token-broker","folder":';

describe('an assertion', () => {
  it.each([
    '{ never: { issuer: partner, permission: read, target: "oss://app-media/users/" } }',
    '{ never: { issuer: partner, target: "oss://app-media/users/" } }',
    '{ never: { permission: delete } }',
    '{ never: { grant: user-uploads, target: "oss://app-media/in/" } }',
    '{ always: { permission: write, target: "oss://app-media/users/7/a.png" } }',
    '{ always: { issuer: partner, action: "oss:GetObjectTagging" } }',
  ])('holds: %s', async (line) => {
    expect(await problemsOf(line)).toEqual([]);
  });

  it.each([
    [
      '{ never: { issuer: partner, permission: write, target: "oss://app-media/in/x/" } }',
      `27 assert[0].never is broken: the grant partner-drop gives callers of partner write on oss://app-media/in/x/, e.g. with the claims ${PARTNER}"in"}`,
    ],
    [
      '{ never: { issuer: partner, target: "oss://app-media/internal/secrets.txt" } }',
      `27 assert[0].never is broken: the grant partner-drop gives callers of partner anything on oss://app-media/internal/secrets.txt, e.g. with the claims ${PARTNER}"internal"}`,
    ],
    [
      '{ never: { permission: read, target: "oss://app-media/hashed/" } }',
      '27 assert[0].never is broken: the grant user-uploads gives callers of app read on oss://app-media/hashed/zklycewkdo64v6wcggzzui64jwtyn37ycr6e44vzqb3yll7ojc5q/, e.g. with the claims {"iss":"https://login.example.com/","sub":"a","aud":"oss-token-broker","email":"a"}',
    ],
    [
      '{ always: { issuer: partner, permission: read } }',
      '27 assert[0].always is broken: no caller can get read anywhere',
    ],
    [
      '{ always: { permission: write, target: "oss://app-media/users/" } }',
      '27 assert[0].always is broken: no caller can get write on all of oss://app-media/users/',
    ],
  ])('is broken, with line and counterexample: %s', async (line, problem) => {
    expect(await problemsOf(line)).toEqual([`${problem}; change the grant, or the assertion`]);
  });

  it.each([
    ['{ never: {} }', 'must say what: issuer, grant, permission, action or target'],
    [
      '{ never: { issuer: partnr } }',
      'the issuer "partnr" is not defined under issuers; did you mean "partner"?',
    ],
    [
      '{ never: { grant: partner-drops } }',
      'the grant "partner-drops" is not defined under grants; did you mean "partner-drop"?',
    ],
    [
      '{ never: { issuer: app, grant: partner-drop } }',
      'the grant partner-drop is for the issuer partner; remove one of the two',
    ],
    [
      '{ never: { target: "oss://app-medja/x/" } }',
      'the bucket "app-medja" is not defined under buckets; did you mean "app-media"?',
    ],
    [
      '{ never: { target: "oss://app-media/*" } }',
      'is no target: it contains "*", which is not allowed',
    ],
    [
      '{ never: { permission: read, action: "oss:GetObject" } }',
      'cannot be used together with permission; write two assertions',
    ],
    ['{ never: { action: "oss:Get" } }', 'must be one of oss:GetObject,'],
    ['{ maybe: { issuer: app } }', 'must be { never: … } or { always: … }'],
  ])('that could not fail is a problem itself: %s', async (line, message) => {
    expect((await problemsOf(line)).join()).toContain(message);
  });

  it('is a problem itself where the config or the assertions are too large', async () => {
    const list = (count: number) => Array.from({ length: count }, (_, at) => `u${at}`.padEnd(100));
    const denied = list(3000).map((one) => one.replaceAll(' ', 'x'));
    const long = BASE.replace('    attributes: { user', () => {
      return `    deny: { subjects: [${denied.join(', ')}] }\n    attributes: { user`;
    });
    const line = '{ never: { permission: delete } }';

    await expect(load(`${long}assert:\n  - ${line}\n`)).rejects.toThrow(
      'assert[0].never: cannot be checked: the deny lists and conditions of all grants have 300002 characters together, and at most 200000 can be compared; shorten them',
    );
    expect(
      assertionsProblem(
        { buckets: Array(2), grants: Array(1000) },
        Array.from({ length: 3000 }, () => ({ kind: 'never' as const })),
      ),
    ).toBe(
      'the assertions take 6000000 comparisons with grants, and at most 5000000 are made; remove some',
    );
  });

  it('is no part of the config that the broker keeps, so it changes no revision', async () => {
    const held = await load(withAssert('{ never: { permission: delete } }'));
    const without = await load(BASE);

    expect(held.config).toEqual(without.config);
    expect(writeCompiledConfig(held.config)).not.toContain('never');
  });

  it('that holds by the first of many grants does not ask the others', async () => {
    const [head = '', grants = ''] = BASE.split('grants:\n');
    const [grant = ''] = grants.split('  - name: partner-drop');
    const many = Array.from({ length: 200 }, (_, n) => grant.replace('uploads', `uploads-${n}`));
    const text = `${head.replace(/ {2}- name: partner[\s\S]*/, '')}grants:\n${many.join('')}`;
    const { config } = await load(text);
    let asked = 0;
    const check = (kind: Assertion['kind'], key: string) =>
      checkAssertions(config, [{ kind, target: { bucket: 'app-media', key } }], (made) => {
        const prover = createProver(made);
        return {
          ...prover,
          waysTo(...question) {
            asked++;
            return prover.waysTo(...question);
          },
        };
      });

    expect(check('always', 'users/1/')).toEqual([undefined]);
    expect(asked).toBe(1);
    // what nobody reaches takes all of them
    expect(check('never', 'elsewhere/')).toEqual([undefined]);
    expect(asked).toBe(1 + 200);
  });

  it('is what the code that checks assertions is read for, and nothing else', async () => {
    let isRead = false;
    vi.resetModules();
    vi.doMock('../../src/prove/check-assertions.ts', () => {
      isRead = true;
      return { checkAssertions: () => [] };
    });
    const fresh = await import('../../src/config-loader/parse-config.ts');
    const parse = (text: string) =>
      fresh.parseConfig({ text, file: 'broker.yaml', environment: {} });
    await parse(BASE);
    expect(isRead).toBe(false);

    await parse(withAssert('{ never: { permission: delete } }'));
    expect(isRead).toBe(true);
    vi.doUnmock('../../src/prove/check-assertions.ts');
    vi.resetModules();
  });

  it('never loads unchecked: without the check, or behind an escape', async () => {
    const line = '{ never: { permission: delete } }';
    const hidden = withAssert(line).replace('assert:', '"\\x61ssert":');

    expect(() =>
      loadConfig({ text: withAssert(line), file: 'broker.yaml', environment: {} }),
    ).toThrow('is not checked here');
    await expect(load(hidden)).rejects.toThrow('is not checked here');
  });
});
