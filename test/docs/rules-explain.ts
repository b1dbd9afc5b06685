/** The pages of `explain` and `probe`: the commands run as they stand, and print what the page shows. */
import { expect } from 'vitest';
import { createCli } from '../support/cli.ts';
import { documentedMembers, membersOf } from './audit-schema.ts';
import { type Block, blocksOf, blockWith } from './pages.ts';
import type { Rule } from './rules.ts';
import { runShell, syntaxProblem } from './shell.ts';

const PAGE = 'docs/explain.md';

/** A config's revision changes with its defaults. */
const withoutRevision = (text: string) =>
  text.replace(/^config [0-9a-f]{12},/gm, 'config …,').replace(/this one is [0-9a-f]{12}/g, '…');

/** A token that was valid on this page's day, with a signature that nobody checks. */
function unsignedToken(): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Date.parse('2026-11-23T18:40:00Z') / 1000;
  const claims = {
    iss: 'https://login.example.com/',
    aud: 'oss-token-broker',
    sub: '42',
    iat,
    exp: iat + 600,
  };
  return `${encode({ alg: 'RS256', kid: 'k1' })}.${encode(claims)}.${'A'.repeat(342)}`;
}

const command: Rule = {
  name: 'a command of explain that prints the next block',
  covers: ({ page, language }) => page === PAGE && language === 'sh',
  async check(block) {
    const cli = await createCli();
    expect(syntaxProblem(block.text)).toBe('');
    const run = await runShell(block.text, {
      real: ['node'],
      programs: { 'oss-token-broker': cli.path },
      files: {
        'broker.yaml': blockWith(PAGE, 'yaml', 'region:').text,
        'claims.json': blockWith(PAGE, 'json', '"email_verified"').text,
        'audit.log': blockWith(PAGE, 'json', '"requestId"').text,
        'token.jwt': unsignedToken(),
      },
    });
    await cli.close();
    const expected = outputOf(block);

    expect(run.stderr).toBe('');
    if (expected === undefined) {
      expect(run.stdout).toContain('not checked  signature');
      expect(run.stdout).not.toContain(unsignedToken().slice(-20));
      return;
    }
    expect(withoutRevision(run.stdout)).toBe(withoutRevision(expected.text));
    expect(run.code).toBe(/^(granted|At .* granted)/m.test(expected.text) ? 0 : 6);
  },
};

/** The block of output that stands before the next command. */
function outputOf({ line }: Block): Block | undefined {
  const next = Math.min(
    ...blocksOf(PAGE, 'sh')
      .filter((other) => other.line > line)
      .map((other) => other.line),
  );
  return blocksOf(PAGE, 'text').find((other) => other.line > line && other.line < next);
}

const output: Rule = {
  name: 'what the command before it prints',
  covers: ({ page, language }) => page === PAGE && language === 'text',
  check: (block) => {
    const owners = blocksOf(PAGE, 'sh').filter((one) => outputOf(one)?.line === block.line);
    expect(owners).toHaveLength(1);
  },
};

const input: Rule = {
  name: 'a file that the commands read',
  covers: ({ page, language }) => page === PAGE && language === 'json',
  check({ text }) {
    const value: unknown = JSON.parse(text);
    const isLine = text.includes('"requestId"');
    const paths = isLine ? membersOf(value).map(([path]) => path) : [];

    expect(paths.filter((path) => !documentedMembers().has(path))).toEqual([]);
    expect(isLine || text.includes('"sub"')).toBe(true);
  },
};

export const EXPLAIN_RULES: readonly Rule[] = [command, output, input];
