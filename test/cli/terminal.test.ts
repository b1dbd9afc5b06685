/** Nothing that a config, a log, a file name or a broker says is a command to the terminal of an operator. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toJson } from '../../src/cli/operator/print-answer.ts';
import { diffAsMarkdown } from '../../src/prove/report/as-markdown.ts';
import { README_CONFIG } from '../docs/configs.ts';
import { type Cli, createCli } from '../support/cli.ts';

/** Clears the screen, in two ways; turns text around; ends a line. */
const HOSTILE = '\u001b[2J\u009b2J\u202e\u2028';
const IN_YAML = '"a\\u001b[2J\\u009b2J\\u202e\\u2028\\nforged"';
const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

let cli: Cli;

beforeAll(async () => {
  cli = await createCli();
  const hostile = README_CONFIG.text.replace(
    'role: ',
    `when: [{ claim: ${IN_YAML}, equals: ${IN_YAML} }]\n    role: `,
  );
  cli.file('broker.yaml', README_CONFIG.text);
  cli.file('hostile.yaml', hostile);
  cli.file(
    'audit.log',
    `${JSON.stringify({
      version: 1,
      decision: 'refused',
      reason: HOSTILE,
      requestId: HOSTILE,
      configRevision: HOSTILE,
      requested: { [HOSTILE]: HOSTILE },
      why: { [HOSTILE]: HOSTILE },
    })}\n`,
  );
  cli.file('claims.json', JSON.stringify({ sub: HOSTILE, [HOSTILE]: HOSTILE }));
});

afterAll(() => cli.close());

function expectHarmless({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) {
  for (const line of `${stdout}${stderr}`.split('\n')) {
    expect(line).not.toMatch(OBEYED);
    expect(line).not.toMatch(/^(oss-token-broker: )?forged/);
  }
}

describe('a terminal', () => {
  it.each([
    ['prove', '--config', 'hostile.yaml'],
    ['prove', '--config', 'hostile.yaml', '--format', 'json'],
    ['prove', 'diff', 'broker.yaml', 'hostile.yaml'],
    ['prove', 'diff', 'broker.yaml', 'hostile.yaml', '--format', 'json'],
    ['prove', 'diff', 'broker.yaml', 'hostile.yaml', '--format', 'markdown'],
    ['explain', 'hostile.yaml', '--claims', 'claims.json'],
    ['explain', 'hostile.yaml', '--claims', 'claims.json', '--format', 'json'],
    ['explain', '--audit', 'audit.log'],
    ['explain', '--audit', 'audit.log', '--format', 'json'],
    ['check', 'hostile.yaml'],
    ['compile', 'hostile.yaml', `${HOSTILE}.json`],
    ['compile', HOSTILE, 'x.json'],
    [
      'init',
      'github-actions',
      '--tenant',
      '1234567',
      '--bucket',
      'app-media',
      '--account',
      '123456789012',
      '--folder',
      HOSTILE,
    ],
    ['explain', '--claims', HOSTILE],
    ['probe', HOSTILE],
    [HOSTILE],
  ])('is told nothing that it would obey: %s %s %s', async (...args) => {
    const answer = await cli.run(args);

    expect(`${answer.stdout}${answer.stderr}`).not.toBe('');
    expectHarmless(answer);
  });

  it('loses nothing of the data: JSON escapes what text leaves out', () => {
    const data = { [HOSTILE]: [HOSTILE, 'plain\u{e0001}'] };

    expect(JSON.parse(toJson(data))).toEqual(data);
  });
});

describe('a comment on a pull request', () => {
  it.each([
    ['a`b', '``a`b``'],
    ['a``b', '```a``b```'],
    ['`a', '`` `a ``'],
    ['a|b', '`a\\|b`'],
  ])('has %s as code, whatever it is', (setting, shown) => {
    const change = { issuer: 'app', setting, from: 'x', to: 'y' };

    expect(diffAsMarkdown({ added: [], removed: [], changed: [change] })).toContain(
      `| issuer \`app\` | ${shown} |`,
    );
  });
});
