/** `probe`, as a monitor runs it against a broker and the simulated OSS. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { type Cli, createCli, startAnswering } from '../support/cli.ts';

let cli: Cli;
let broker: TestBroker;

beforeAll(async () => {
  cli = await createCli();
  broker = await startTestBroker();
});

afterAll(async () => {
  await broker.close();
  await cli.close();
});

const OWN = 'oss://app-media/users/42/';
const ALL = ['read', 'write', 'list', 'delete'];
const key = (user: string) => `oss://app-media/users/${user}/oss-token-broker-probe.txt`;
const GRANTED = { grant: 'user-files', targets: { [OWN]: ALL } };

async function probe(
  probes: readonly object[],
  options: { readonly url?: string; readonly args?: readonly string[] } = {},
) {
  cli.file('probes.yaml', stringify({ broker: options.url ?? broker.url, probes }));
  const token = await broker.issuer.token({ sub: '42' });
  const run = await cli.run(['probe', ...(options.args ?? [])], { environment: { TOKEN: token } });
  // whatever happens, no secret is printed
  for (const part of token.split('.')) expect(`${run.stdout}${run.stderr}`).not.toContain(part);
  expect(`${run.stdout}${run.stderr}`).not.toMatch(/STS\.\w{5}/);
  return run;
}

const user = (more: object) => ({ name: 'a user', token: { env: 'TOKEN' }, ...more });

describe('probes that are as expected', () => {
  it('end with 0: targets, refusals, tokens of all kinds, and uses at OSS', async () => {
    cli.file('token.jwt', await broker.issuer.token({ sub: '42' }));
    const { code, stdout, stderr } = await probe([
      user({
        expect: GRANTED,
        use: [
          { put: key('42'), expect: 'allowed' },
          { put: key('42'), expect: 'allowed' },
          { get: key('42'), expect: 'allowed' },
          { list: OWN, expect: 'allowed' },
          { put: key('43'), expect: 'refused' },
          { get: key('43'), expect: 'refused' },
          { delete: key('43'), expect: 'refused' },
          { list: 'oss://app-media/users/', expect: 'refused' },
          { put: 'oss://app-media/users/42-other/oss-token-broker-probe', expect: 'refused' },
          { get: 'oss://other/a', expect: 'refused' },
          { delete: key('42'), expect: 'allowed' },
          { get: key('42'), expect: 'allowed' },
        ],
      }),
      user({
        request: { target: `${OWN}a b/ü+.png`, permissions: ['read'], durationSeconds: 900 },
        expect: { grant: 'user-files', targets: { [`${OWN}a b/ü+.png`]: ['read'] } },
        use: [{ get: `${OWN}a b/ü+.png`, expect: 'allowed' }],
      }),
      user({
        request: { target: 'oss://app-media/users/43/' },
        expect: { refused: 'target_outside_grant' },
      }),
      user({ request: { grant: 'admin' }, expect: { refused: 'no_grant' } }),
      { name: 'a file', token: { file: 'token.jwt' }, expect: GRANTED },
      { name: 'a command', token: { command: 'cat token.jwt' }, expect: GRANTED },
      {
        name: 'a changed token',
        token: { env: 'TOKEN', changed: true },
        expect: { refused: 'subject_token_invalid' },
      },
      { name: 'no token', expect: { refused: 'subject_token_required' } },
    ]);

    expect(stderr).toBe('');
    expect(stdout).not.toContain('differs');
    expect(code).toBe(0);
    expect(stdout).toContain('as expected  a changed token\n');
    expect(stdout).toMatch(/^8 probes, all as expected$/m);
  });
});

describe('probes that differ', () => {
  it.each([
    [
      'more targets',
      { expect: { grant: 'user-files', targets: {} } },
      `got ${OWN} with delete, list, read, write, which is not expected`,
    ],
    [
      'other targets',
      { expect: { grant: 'user-files', targets: { [OWN]: ALL, 'oss://app-media/x/': ['read'] } } },
      'expected oss://app-media/x/, which is not granted',
    ],
    [
      'more permissions',
      { expect: { grant: 'user-files', targets: { [OWN]: ['read'] } } },
      `expected ${OWN} with read, got delete, list, read, write`,
    ],
    ['another grant', { expect: { ...GRANTED, grant: 'x' } }, 'expected grant x, got user-files'],
    [
      'a credential',
      { expect: { refused: 'no_grant' } },
      'expected the refusal no_grant, got a credential by grant user-files',
    ],
    [
      'a refusal',
      { request: { grant: 'x' }, expect: GRANTED },
      'expected a credential by user-files, got no_grant',
    ],
    [
      'another refusal',
      { request: { target: 'x' }, expect: { refused: 'no_grant' } },
      'expected the refusal no_grant, got invalid_target',
    ],
    [
      'a use that OSS allows',
      { expect: GRANTED, use: [{ put: key('42'), expect: 'refused' }] },
      `put ${key('42')}: expected refused, got allowed`,
    ],
    [
      'a use that OSS refuses',
      { expect: GRANTED, use: [{ get: key('43'), expect: 'allowed' }] },
      'expected allowed, got refused (403 AccessDenied)',
    ],
    [
      'a use that shows nothing, since there is no such bucket',
      { expect: GRANTED, use: [{ get: 'oss://nobodys-bucket/a', expect: 'refused' }] },
      'expected refused, got unclear (404 NoSuchBucket)',
    ],
  ])('end with 6 and say how: %s', async (_what, more, text) => {
    const { code, stdout } = await probe([user(more)]);

    expect(code).toBe(6);
    expect(stdout).toContain(text);
    expect(stdout).toContain('1 probes, 1 not as expected');
  });

  it('are found by a request id, and are JSON for monitors', async () => {
    const { code, stdout } = await probe(
      [user({ request: { grant: 'x' }, expect: GRANTED }), user({ expect: GRANTED })],
      { args: ['--format', 'json'] },
    );

    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({
      results: [
        { name: 'a user', result: 'differs', requestId: broker.auditLines().at(-2)?.['requestId'] },
        { result: 'as expected', problems: [], uses: [] },
      ],
    });
  });
});

describe('a broker that cannot be reached', () => {
  it.each([['nothing listens', 'http://127.0.0.1:1', 'cannot be reached (ECONNREFUSED)']])(
    'ends with 5: %s',
    async (_what, url, text) => {
      const { code, stdout } = await probe([user({ expect: GRANTED })], { url });

      expect(code).toBe(5);
      expect(stdout).toContain(text);
    },
  );

  it.each([
    ['a gateway', { status: 502, body: '<html>' }, 'what answers is no broker: status 502'],
    ['a page', { status: 200, body: '<html>' }, 'what answers is no broker: status 200'],
    ['half a credential', { status: 200, body: { AccessKeyId: 'x' } }, 'Expiration is missing'],
    [
      'a broker that asks to come back',
      { status: 503, body: { code: 'sts_throttled' } },
      'the broker answers sts_throttled',
    ],
  ])('ends with 5: %s', async (_what, reply, text) => {
    const other = await startAnswering(() => reply);
    const { code, stdout } = await probe([user({ expect: GRANTED })], { url: other.url });
    await other.close();

    expect(code).toBe(5);
    expect(stdout).toContain(text);
  });

  it('ends with 6 if another probe differs, and with 0 if the refusal is expected', async () => {
    const other = await startAnswering(() => ({ status: 503, body: { code: 'sts_throttled' } }));
    const expected = await probe([user({ expect: { refused: 'sts_throttled' } })], {
      url: other.url,
    });
    const both = await probe([
      { ...user({ expect: GRANTED }), broker: other.url },
      user({ expect: { refused: 'no_grant' } }),
    ]);
    await other.close();

    expect(expected.code).toBe(0);
    expect(both.code).toBe(6);
    expect(both.stdout).toContain('unreachable  a user');
  });
});

describe('a file of probes', () => {
  it.each([
    [
      'could replace an object',
      user({ expect: GRANTED, use: [{ put: `${OWN}a.png`, expect: 'refused' }] }),
      'put needs a key whose last part begins with oss-token-broker-probe',
    ],
    [
      'could delete an object',
      user({ expect: GRANTED, use: [{ delete: `${OWN}a.png`, expect: 'refused' }] }),
      'delete needs a key whose last part',
    ],
    [
      'uses no credential',
      user({ expect: { refused: 'x' }, use: [{ get: `${OWN}a`, expect: 'refused' }] }),
      'a refused probe has no credential to use',
    ],
    ['expects nothing', user({}), 'probes.0.expect: '],
    ['has an unknown member', user({ expect: GRANTED, tokn: 1 }), 'Unrecognized key: "tokn"'],
  ])('is refused, and nobody is asked, if it %s', async (_what, one, text) => {
    const asked = broker.auditLines().length;
    const { code, stdout, stderr } = await probe([one]);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(text);
    expect(broker.auditLines()).toHaveLength(asked);
  });

  it('needs an address that does not show the subject token to others', async () => {
    const { code, stderr } = await probe([user({ expect: GRANTED })], {
      url: 'http://broker.example.com',
    });

    expect(code).toBe(2);
    expect(stderr).toContain('broker must begin with https://');
  });
});
