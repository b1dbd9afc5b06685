/** The broker's answer, read by the rules of each client that parses it itself. docs/callers.md has the same table. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { memberAt } from '../support/declared.ts';
import { ROOT } from './pages.ts';
import { rowsOf, sectionOf } from './sections.ts';

type Answer = Readonly<Record<string, unknown>>;

interface Client {
  /** As the page calls it. */
  readonly name: string;
  /** Whether it takes this answer for one that grants. */
  readonly takes: (answer: Answer) => boolean;
  readonly reads: readonly string[];
  /** What it can parse as an expiration; undefined if it does not look. */
  readonly expiration?: RegExp;
}

const KEYS = ['AccessKeyId', 'AccessKeySecret', 'SecurityToken'];
const ALL = [...KEYS, 'Expiration'];
const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
/** Options of ali-oss that the members of a credential replace: it assigns them over its own, the first letter in lower case. */
const OPTIONS_OF_ALI_OSS =
  /^(?:bucket|cname|endpoint|headers|internal|region|retryMax|secure|timeout|agent|httpsAgent|proxy)$/i;

const isSuccess = ({ Code }: Answer) => Code === 'Success';

const CLIENTS: readonly Client[] = [
  {
    name: 'OSSAuthCredentialsProvider',
    takes: ({ StatusCode }) => StatusCode === 200,
    reads: ALL,
    expiration: SECONDS,
  },
  {
    name: 'OSSAuthCredentialProvider',
    takes: ({ StatusCode }) => Number(StatusCode) === 200,
    reads: ALL,
    expiration: new RegExp(`${SECONDS.source}Z$`),
  },
  {
    name: '@alicloud/credentials',
    takes: () => true,
    reads: ALL,
    expiration: new RegExp(`${SECONDS.source}(?:\\.\\d{3})?Z$`),
  },
  {
    name: 'credentials-java',
    takes: isSuccess,
    reads: ALL,
    expiration: new RegExp(`${SECONDS.source}(?:\\.\\d+)?Z$`),
  },
  {
    name: 'alibabacloud-credentials',
    takes: isSuccess,
    reads: ALL,
    expiration: new RegExp(`${SECONDS.source}Z$`),
  },
  {
    name: 'credentials-go',
    takes: () => true,
    reads: ALL,
    expiration: new RegExp(`${SECONDS.source}Z$`),
  },
  // Go's time.Time reads RFC 3339
  {
    name: 'ossutil',
    takes: ({ AccessKeyId, AccessKeySecret }) => Boolean(AccessKeyId && AccessKeySecret),
    reads: ALL,
    expiration: new RegExp(`${SECONDS.source}(?:\\.\\d+)?Z$`),
  },
  { name: 'aliyun', takes: isSuccess, reads: KEYS },
  {
    name: 'ali-oss',
    takes: (answer) => !Object.keys(answer).some((name) => OPTIONS_OF_ALI_OSS.test(name)),
    reads: KEYS,
  },
];

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker();
});

afterAll(() => broker.close());

describe.each(CLIENTS.map((client) => [client.name, client] as const))('%s', (_name, client) => {
  it.each([0, 1, 499, 999])('reads an answer, %i ms after a whole second', async (ms) => {
    broker.clock.offsetMs = ms - (Date.now() % 1000);
    const { body } = await broker.ask({
      claims: { sub: `${client.name.replace(/\W/g, '')}-${ms}` },
    });

    expect(client.takes(body)).toBe(true);
    for (const name of client.reads) expect(body[name]).toEqual(expect.stringMatching(/./));
    if (client.expiration === undefined) return;
    expect(body['Expiration']).toMatch(client.expiration);
    const left = Date.parse(String(body['Expiration'])) - Date.now();
    expect(left).toBeGreaterThan(800_000);
  });

  it('takes no refusal for a credential', async () => {
    const { body } = await broker.ask({ token: 'x' });

    expect(client.takes(body) && client.reads.every((name) => name in body)).toBe(false);
  });
});

describe('the code for iOS', () => {
  it('reads members that the answer has', async () => {
    const code = readFileSync(`${ROOT}examples/ios/BrokerCredentials.swift`, 'utf8');
    const [, answer = ''] = /struct BrokerAnswer[\s\S]*?\{([\s\S]*?)\n\}/.exec(code) ?? [];
    const fields = (indent: number) =>
      [...answer.matchAll(new RegExp(`^ {${indent}}let (\\w+): String$`, 'gm'))].map(
        ([, name = '']) => name,
      );
    const { body } = await broker.ask({ claims: { sub: 'ios' } });
    const target = memberAt(body, ['Grant', 'Targets', '0']);

    expect(fields(4)).toEqual(ALL);
    for (const name of fields(4)) expect(body[name]).toEqual(expect.any(String));
    expect(fields(12)).toEqual(['Target', 'Region', 'Endpoint']);
    for (const name of fields(12)) expect(memberAt(target, [name])).toEqual(expect.any(String));
  });
});

describe('the table of docs/callers.md', () => {
  const rows = rowsOf(sectionOf('docs/callers.md', 'What clients read')).slice(1);
  const names = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);

  it('has these clients, and the members that each reads', () => {
    expect(rows.map((cells) => [names(cells[1])[0], names(cells[3])])).toEqual(
      CLIENTS.map(({ name, reads }) => [name, reads]),
    );
  });
});
