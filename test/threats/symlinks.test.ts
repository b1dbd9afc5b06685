import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { createOssClient, credentialOf, ossRefusal } from '../support/oss-client.ts';

/** Beside each caller's own prefix, objects of another grant in the same bucket and in one of its own. */
const CONFIG = SIMPLE_CONFIG.replace(
  'buckets:\n',
  'buckets:\n  other: { region: cn-hangzhou, endpoint: "{{oss}}" }\n',
).concat(`  - name: reports
    issuer: app
    when: [{ claim: kind, equals: reporter }]
    role: acs:ram::123456789012:role/oss-uploader
    allow:
      - { target: "oss://app-media/reports/", permissions: [write] }
      - { target: "oss://other/reports/", permissions: [write] }
    restrict: { https: false }
`);

describe.each([true, false])(
  'threat 43: symbolic links across prefixes, with the session policy applied to destinations: %s',
  (isPolicyAppliedToDestination) => {
    let broker: TestBroker;

    beforeAll(async () => {
      broker = await startTestBroker({
        config: CONFIG,
        undocumented: { isPolicyAppliedToDestination },
      });
    });

    afterAll(() => broker.close());

    async function clientFor(
      claims: Readonly<Record<string, unknown>>,
      body: object,
      bucket: string,
    ) {
      const answer = await broker.ask({ claims, body });
      expect(answer.status).toBe(200);
      return createOssClient(broker.simulator.oss.url, credentialOf(answer.body), { bucket });
    }

    const caller = (bucket = 'app-media') =>
      clientFor({ sub: 'eve' }, { Grant: 'user-files' }, bucket);

    it('a link to what the grant does not hold is refused, or read as the documents warn', async () => {
      const reporter = { sub: 'r', kind: 'reporter' };
      const body = { Grant: 'reports', Target: 'oss://app-media/reports/' };
      await (await clientFor(reporter, body, 'app-media')).put('reports/q3', Buffer.from('secret'));
      const eve = await caller();

      expect(await ossRefusal(eve.get('reports/q3'))).toBe('AccessDenied');
      // PutSymlink needs PutObject on the link alone, so no session policy can keep it out
      await eve.putSymlink('users/eve/link', 'reports/q3');
      const read = eve.get('users/eve/link').then(({ content }) => String(content));
      if (isPolicyAppliedToDestination) expect(await ossRefusal(read)).toBe('AccessDenied');
      else expect(await read).toBe('secret');
    });

    it('a grant without read or without write gains nothing from a link', async () => {
      const narrowed = async (permission: string) =>
        clientFor({ sub: 'eve' }, { Grant: 'user-files', Permissions: [permission] }, 'app-media');
      const writer = await narrowed('write');
      const reader = await narrowed('read');

      await writer.putSymlink('users/eve/blind', 'reports/q3');
      expect(await ossRefusal(writer.get('users/eve/blind'))).toBe('AccessDenied');
      expect(await ossRefusal(writer.getSymlink('users/eve/blind'))).toBe('AccessDenied');
      expect(await ossRefusal(reader.putSymlink('users/eve/x', 'reports/q3'))).toBe('AccessDenied');
    });

    it('a link cannot be made in another place, nor lead out of its bucket', async () => {
      const body = { Grant: 'reports', Target: 'oss://other/reports/' };
      const reporter = await clientFor({ sub: 'r', kind: 'reporter' }, body, 'other');
      await reporter.put('reports/q4', Buffer.from('secret'));
      const eve = await caller();

      expect(await ossRefusal(eve.putSymlink('reports/link', 'users/eve/x'))).toBe('AccessDenied');
      expect(await ossRefusal((await caller('other')).putSymlink('users/eve/l', 'x'))).toBe(
        'AccessDenied',
      );
      await eve.putSymlink('users/eve/out', 'reports/q4');
      expect(await ossRefusal(eve.get('users/eve/out'))).toMatch(
        /AccessDenied|SymlinkTargetNotExist/,
      );
    });
  },
);

describe('threat 43: what an operator is told of it', () => {
  const warningsOf = (text: string) =>
    loadConfig({
      text: text
        .replaceAll('{{issuer}}', 'https://a.example')
        .replace(/^sts.*\n/m, '')
        .replaceAll(', endpoint: "{{oss}}"', ''),
      file: 'broker.yaml',
      environment: {},
    }).warnings;

  it('a warning at load, where a grant with read and write shares its bucket with others', () => {
    expect(warningsOf(CONFIG)).toMatchObject([
      { path: 'grants[0].allow[0]', message: expect.stringContaining('npm run probe:symlinks') },
    ]);
    expect(warningsOf(CONFIG.replace('oss://app-media/reports/', 'oss://other/r/'))).toEqual([]);
    expect(warningsOf(SIMPLE_CONFIG)).toEqual([]);
  });

  it('what is unknown of links and forms, and how to find out', () => {
    const text = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8');

    for (const name of ['PutSymlink', 'oss:PutObject', 'PostObject', 'npm run probe:symlinks']) {
      expect(text).toContain(name);
    }
  });
});
