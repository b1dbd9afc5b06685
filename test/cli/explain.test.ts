/** `explain`, as an operator runs it beside a running broker and its issuer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { type Cli, createCli } from '../support/cli.ts';
import { memberAt, toObject } from '../support/declared.ts';
import { createTestIssuer } from '../support/issuer.ts';
import { writtenConfig } from '../support/written-config.ts';

let cli: Cli;
let broker: TestBroker;

beforeAll(async () => {
  cli = await createCli();
  broker = await startTestBroker();
  cli.file('broker.yaml', writtenConfig(SIMPLE_CONFIG, broker));
});

afterAll(async () => {
  await broker.close();
  await cli.close();
});

/** A new line of the audit log, as the broker wrote it. */
async function grantedLine(): Promise<string> {
  await broker.ask();
  return broker.log.text.trimEnd().split('\n').at(-1) ?? '';
}

const explain = (args: readonly string[], stdin = '') => cli.run(['explain', ...args], { stdin });

describe('a subject token', () => {
  it('is explained from standard input, is not verified, and is nowhere in the output', async () => {
    const token = await broker.issuer.token({ sub: '42', leak: 'x'.repeat(500) });
    const callsBefore = broker.stsCalls();
    const { code, stdout, stderr } = await explain(['--token-stdin'], token);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('not checked  signature');
    expect(stdout).toContain('user-files: chosen');
    for (const part of token.split('.')) expect(stdout).not.toContain(part.slice(0, 30));
    expect(stdout).not.toContain('x'.repeat(101));
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it.each(['text', 'json'])(
    'may hold secrets, none of which is shown whole in %s',
    async (format) => {
      const jwt = await broker.issuer.token({ sub: 'inner' });
      const secret = 'Abc1'.repeat(10);
      const config = writtenConfig(SIMPLE_CONFIG, broker).replace(
        'role: ',
        `when: [{ claim: jwt, exists: true }, { claim: secret, equals: x }, { claim: long, exists: true }]\n    role: `,
      );
      cli.file('secrets.yaml', config);
      const claims = { sub: jwt, jti: secret, jwt, secret: { of: secret }, long: 'x-'.repeat(500) };
      const token = await broker.issuer.token(claims);
      const { code, stdout, stderr } = await explain(
        ['secrets.yaml', '--token-stdin', '--format', format],
        token,
      );

      expect({ code, stderr }).toEqual({ code: 6, stderr: '' });
      expect(stdout).toContain('[token]');
      expect(stdout).toContain('[secret]');
      const [, payload = '', signature = ''] = jwt.split('.');
      for (const part of [payload, signature, secret, 'x-'.repeat(51)]) {
        expect(stdout).not.toContain(part);
      }
    },
  );

  it('is verified with the keys of its issuer', async () => {
    const { code, stdout } = await explain(
      ['--token-stdin', '--verify'],
      await broker.issuer.token(),
    );

    expect(code).toBe(0);
    expect(stdout).toContain("holds        signature      checked with the issuer's keys");
  });

  it('that somebody else signed is refused with --verify, and only then', async () => {
    const other = await createTestIssuer();
    const forged = await other.token({ iss: broker.issuer.url });
    await other.close();
    const verified = await explain(['--token-stdin', '--verify'], forged);
    const unverified = await explain(['--token-stdin'], forged);

    expect(verified.code).toBe(6);
    expect(verified.stdout).toMatch(/refuses +signature/);
    expect(verified.stdout).toContain('refused: signature_invalid\n');
    expect(unverified.code).toBe(0);
    expect(unverified.stdout).toContain('anybody may have made this token');
  });

  it('that has expired is refused, and --at explains what was decided before', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = await broker.issuer.token({ iat: now - 7200, exp: now - 3600 });
    const at = new Date((now - 7000) * 1000).toISOString();
    const late = await explain(['--token-stdin'], token);
    const then = await explain(['--token-stdin', '--verify', '--at', at], token);

    expect(late.code).toBe(6);
    expect(late.stdout).toContain('refused: token_expired\n');
    expect(late.stdout).toContain('--at explains what was decided');
    expect(then.code).toBe(0);
  });

  it('of an unknown issuer is refused, with a hint at the one that it nearly is', async () => {
    const token = await broker.issuer.token({ iss: `${broker.issuer.url}/` });
    const { code, stdout } = await explain(['--token-stdin'], token);

    expect(code).toBe(6);
    expect(stdout).toContain('refused: issuer_untrusted\n');
    expect(stdout).toContain('by a trailing slash alone');
  });
});

describe('claims', () => {
  it('with control characters and what looks like a secret show neither', async () => {
    const secret = 'aB3'.repeat(12);
    cli.file('evil.json', JSON.stringify({ sub: '42\u001b[2J\u202e', plan: secret }));
    const { code, stdout } = await explain(['--claims', 'evil.json']);

    expect(code).toBe(6);
    expect(stdout).toContain('refused: no_grant_fits\n');
    expect(stdout).not.toContain(secret);
    for (const sign of ['\u001b', '\u202e']) expect(stdout).not.toContain(sign);
  });

  it('are explained as JSON, with each step', async () => {
    cli.file('claims.json', JSON.stringify({ sub: '42' }));
    const { code, stdout } = await explain([
      '--claims',
      'claims.json',
      '--format',
      'json',
      '--key',
      'oss://app-media/users/43/a.png',
    ]);
    const explained: unknown = JSON.parse(stdout);

    expect(code).toBe(0);
    expect(explained).toMatchObject({
      outcome: 'granted',
      issuerName: 'app',
      grants: [
        { grant: 'user-files', fate: 'chosen', attributes: [{ name: 'user', values: ['42'] }] },
      ],
      given: { durationSeconds: 900, policyLimit: 2047 },
    });
    expect(memberAt(explained, ['given', 'operations', 'keys', '0'])).toEqual({
      key: 'oss://app-media/users/43/a.png',
      is: 'asked',
    });
    expect(memberAt(explained, ['given', 'operations', 'verdicts', '0', 'allowed'])).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });
});

describe('a line of the audit log', () => {
  it('is found by its request id, and explained with its config, granted or refused', async () => {
    await broker.ask();
    await broker.ask({ body: { Target: 'oss://app-media/users/other/' } });
    cli.file('audit.log', broker.log.text);
    // the config of a broker in a test has no address of its own, so the revision is the same
    for (const line of broker.auditLines()) {
      const { code, stdout } = await explain([
        '--audit',
        'audit.log',
        '--request-id',
        String(line['requestId']),
      ]);
      const isGranted = line['decision'] === 'granted';

      expect(code).toBe(isGranted ? 0 : 6);
      expect(stdout).toContain('This config decided: revision ');
      expect(stdout).toContain(
        isGranted
          ? `The credential is ${line['accessKeyId']}, and expires at ${line['expiration']}. It is still valid`
          : 'The reason is target_outside_grant: requested.target is in none of them.',
      );
    }
  });

  it('comes from standard input, and another config than the one that decided is named', async () => {
    const line = await grantedLine();
    cli.file(
      'closed.yaml',
      writtenConfig(SIMPLE_CONFIG, broker).replace(
        'issuer: app\n',
        'issuer: app\n    disabled: true\n',
      ),
    );
    const { code, stdout } = await explain(
      ['closed.yaml', '--audit', '-', '--format', 'json'],
      line,
    );
    const explained = toObject(JSON.parse(stdout));

    expect(code).toBe(0);
    expect(explained['isSameConfig']).toBe(false);
    expect(String(explained['sentences'])).toContain('Another config decided');
    expect(String(explained['sentences'])).toContain('In this config the grant is disabled.');
  });

  // an audit line has at most 32 KiB; this memory is far less than the other line
  it.each([
    ['of a file', ['--audit', 'long.log']],
    ['of standard input', ['--audit', '-']],
  ])('is found beside a line without end %s, which is not kept in memory', async (_what, args) => {
    const line = await grantedLine();
    const text = `${'x'.repeat(128 * 1024 * 1024)}\n${line}\n`;
    cli.file('long.log', text);
    const { code, stdout, stderr } = await cli.run(['explain', ...args], {
      stdin: args.includes('-') ? text : '',
      node: ['--max-old-space-size=64'],
    });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('This config decided: revision ');
  });

  it.each([
    [32 * 1024, 'The line is no line of an audit log of version 1.'],
    [32 * 1024 + 1, 'There is no such line. 1 line cannot be read.'],
  ])('is read if it has %s bytes, and %s', async (bytes, sentence) => {
    const frame = JSON.stringify({ filler: '' }).length;
    cli.file('limit.log', JSON.stringify({ filler: 'x'.repeat(bytes - frame) }));
    const { code, stderr } = await explain(['--audit', 'limit.log']);

    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
  });

  it.each([
    [['--audit', 'audit.log'], 2, 'There are several lines. --request-id says which one.'],
    [['--audit', 'audit.log', '--request-id', 'x'], 1, 'There is no such line.'],
    [['--audit', 'nowhere.log'], 1, 'nowhere.log cannot be read (ENOENT)'],
    [['--audit', 'claims.json'], 1, 'The line is no line of an audit log of version 1.'],
    [['--claims', 'broker.yaml'], 1, 'broker.yaml is not a JSON object'],
    [['--claims', 'claims.json', '--issuer', 'x'], 2, '--issuer names one of app.'],
    [['--claims', 'claims.json', '--at', 'noon'], 2, '--at is an instant such as'],
    [['--claims', 'claims.json', '--source-address', 'x'], 2, '--source-address is an IP address.'],
    [['--claims', 'claims.json', '--key', 'x'], 2, '--key is an object such as'],
    [[], 3, 'There is no subject token'],
  ])(
    'or another input that cannot be explained ends with a sentence: %j',
    async (args, code, text) => {
      cli.file('audit.log', `${await grantedLine()}\n${await grantedLine()}\n`);
      cli.file('claims.json', JSON.stringify({ sub: '42' }));
      const run = await explain(args);

      expect({ code: run.code, stdout: run.stdout }).toEqual({ code, stdout: '' });
      expect(run.stderr).toContain(text);
    },
  );
});
