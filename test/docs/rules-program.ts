/** What else stands in blocks: the browser's and the mobile app's example, and drawings. */
import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { memberAt, SCHEMAS, toObject } from '../support/declared.ts';
import { loadSnippet } from './browser-snippet.ts';
import { README_CONFIG, toList } from './configs.ts';
import { checkOidcRoleArn } from './oidc-role-arn.ts';
import { blockWith, ROOT } from './pages.ts';
import type { Rule } from './rules.ts';

/** The steps of the pipeline, in the order that the picture must show. */
const STEPS = ['verify', 'limit', 'match', 'narrow', 'render', 'assume', 'record'];

const browser: Rule = {
  name: 'a page that uploads with ali-oss',
  covers: ({ page, language }) => page === 'README.md' && language === 'js',
  async check(block, world) {
    const { client, prefix } = await loadSnippet(block, {
      brokerUrl: world.broker.url,
      getSubjectToken: () => world.token('app'),
      file: Buffer.alloc(300_000, 'x'),
    });
    const { content } = await client.get(`${prefix}video.mp4`);

    expect(prefix).toBe('users/42/');
    expect(content.length).toBe(300_000);
  },
};

const credentialSource: Rule = {
  name: 'a program that asks the broker as STS',
  covers: ({ language, text }) => language === 'js' && text.includes("'oidc_role_arn'"),
  check: (program, world) =>
    checkOidcRoleArn(
      { environment: blockWith('docs/api.md', 'sh', 'ALIBABA_CLOUD_ROLE_ARN'), program },
      world,
    ),
};

const mobile: Rule = {
  name: 'a provider of the Android SDK that reads what the answer has, and sends the token nowhere else',
  covers: ({ page, language }) => page === 'README.md' && language === 'kotlin',
  check({ text }) {
    const [, path = '', grant] =
      /"https:\/\/broker\.example\.com([^?"]*)\?Grant=([^"]*)"/.exec(text) ?? [];
    const read = [...text.matchAll(/getString\("(\w+)"\)/g)].map(([, name = '']) => name);
    const grants = toList(toObject(parse(README_CONFIG.text))['grants']);

    expect(path).toBe('/v1/credentials');
    expect(text).toContain('connection.instanceFollowRedirects = false\n');
    expect(grants.map((known) => toObject(known)['name'])).toContain(grant);
    expect(read).toEqual(['AccessKeyId', 'AccessKeySecret', 'SecurityToken', 'Expiration']);
    expect(memberAt(SCHEMAS, ['Credential', 'required'])).toEqual(expect.arrayContaining(read));
  },
};

const picture: Rule = {
  name: 'a picture of the pipeline',
  covers: ({ language, text }) => language === 'text' && text.includes('AssumeRole ──'),
  check({ text }) {
    const shown = text.match(/(?<=│ )[a-z]+(?= )/g)?.filter((word) => STEPS.includes(word));
    const columns = text.split('\n').map((line) => line.indexOf('│'));

    expect(shown).toEqual(STEPS);
    expect(new Set(columns.filter((column) => column > 0)).size).toBe(1);
  },
};

const tree: Rule = {
  name: 'the tree of the code',
  covers: ({ language, text }) => language === 'text' && text.startsWith('src/'),
  check({ text }) {
    const drawn = readTree(text);
    const beside = ['simulator/', 'examples/', 'deploy/', 'tools/', 'test/'];
    const inSrc = [...entriesOf('src/'), ...entriesOf('src/api/'), ...beside];
    const there = new Set([...inSrc, 'src/', 'src/api/']);

    expect(inSrc.filter((path) => path !== 'src/api/' && !drawn.includes(path))).toEqual([]);
    expect(drawn.filter((path) => !there.has(path))).toEqual([]);
  },
};

/** Paths of what each line names before its text: several are two blanks apart. */
function readTree(text: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const parent = line.startsWith(' ') ? 'src/' : '';
      const [names = ''] = line.trim().split(/ {3,}/);
      return names.split(/ {2}/).map((name) => `${parent}${name}`);
    });
}

/** Files and folders, the latter with a slash at the end. */
function entriesOf(folder: string): readonly string[] {
  return readdirSync(`${ROOT}${folder}`, { withFileTypes: true }).map(
    (entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`,
  );
}

export const PROGRAM_RULES: readonly Rule[] = [browser, credentialSource, mobile, picture, tree];
