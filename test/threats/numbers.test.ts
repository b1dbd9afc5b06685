import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { SIMPLE_CONFIG, startTestBroker } from '../support/broker.ts';
import { signCompact } from '../support/keys.ts';

const configWith = (when: string) =>
  SIMPLE_CONFIG.replace(
    '    role: acs',
    `    when:
      - ${when}
    role: acs`,
  );

function problemsOf(config: string): readonly string[] {
  const text = config
    .replaceAll('{{issuer}}', 'https://login.example.com')
    .replaceAll('{{sts}}', 'sts.example.com')
    .replaceAll('{{oss}}', 'https://oss.example.com');
  try {
    loadConfig({ text, file: 'broker.yaml', environment: {} });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ line, message }) => `${line}: ${message}`);
  }
}

/** Asks with a claim `id` whose JSON text is exactly this. */
async function askWithId(when: string, ids: readonly string[]): Promise<readonly number[]> {
  const broker = await startTestBroker({ config: configWith(when) });
  const [key] = broker.issuer.keys();
  const statuses = [];
  for (const id of ids) {
    const claims = JSON.stringify(broker.issuer.claims()).replace('{', `{"id":${id},`);
    const token = signCompact({ alg: key.algorithm, kid: key.keyId, typ: 'JWT' }, claims, key);
    statuses.push((await broker.ask({ token })).status);
  }
  expect(broker.stsCalls()).toBe(statuses.includes(200) ? 1 : 0);
  await broker.close();
  return statuses;
}

describe('threat 40: numbers beyond 2^53, which equal their neighbours', () => {
  it.each([
    '1234567890123456789',
    '-1234567890123456789',
    '1234567890123456789.0',
    '9007199254740992',
    '9.007199254740993e15',
    '0x1FFFFFFFFFFFFFF',
    '1e400',
    '-1e400',
    '.inf',
  ])('%s is an error in the config, with its line and what to write', (number) => {
    const message = `is the number ${number}, beyond 2^53, where numbers equal their neighbours; if it is an id, write it as a quoted string: "${number}"`;
    for (const when of [
      `{ claim: id, equals: ${number} }`,
      `{ claim: id, in: [1, ${number}] }`,
      `{ claim: id, contains: ${number} }`,
    ]) {
      expect(problemsOf(configWith(when))).toEqual([`17: ${message}`]);
    }
    expect(problemsOf(SIMPLE_CONFIG.replace('oss-token-broker]', `${number}]`))).toEqual([
      `9: ${message}`,
    ]);
  });

  it('a number up to 2^53 and a quoted string are no errors', () => {
    for (const value of ['9007199254740991', '-9007199254740991', '1.5', '"1234567890123456789"']) {
      expect(problemsOf(configWith(`{ claim: id, equals: ${value} }`))).toEqual([]);
    }
  });

  it('a number in a claim matches nothing beyond 2^53', async () => {
    const ids = [
      '9007199254740992',
      '9007199254740993',
      '9007199254740992.0',
      '1e400',
      '[9007199254740992]',
      '"9007199254740991"',
      '9007199254740991',
    ];
    const refused = [403, 403, 403, 403, 403, 403];
    expect(await askWithId('{ claim: id, equals: 9007199254740991 }', ids)).toEqual([
      ...refused,
      200,
    ]);
    expect(await askWithId('{ claim: id, in: [7, 9007199254740991] }', ids)).toEqual([
      ...refused,
      200,
    ]);
  });

  it('an id as a quoted string equals the same string alone', async () => {
    expect(
      await askWithId('{ claim: id, equals: "1234567890123456789" }', [
        '1234567890123456789',
        '1234567890123456672',
        '"1234567890123456672"',
        '"1234567890123456789"',
      ]),
    ).toEqual([403, 403, 403, 200]);
  });
});
