/** The server of the playground: who may ask it, and that it answers as broker and OSS do. */
import { request as send } from 'node:http';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Asked, StepName } from '../../simulator/playground/answer.ts';
import { createOssClient } from '../support/oss-client.ts';
import {
  PLAYGROUND_CONFIG,
  startTestPlayground,
  type TestPlayground,
} from '../support/playground.ts';

let playground: TestPlayground;
beforeAll(async () => {
  playground = await startTestPlayground();
});
afterAll(() => playground?.close());

/** The status of an answer to any headers, which fetch would not send. */
function statusOf(method: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = method === 'GET' ? '/start' : '/check';
    const { port } = playground;
    send({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .once('error', reject)
      .end(method === 'GET' ? '' : '{"text":""}');
  });
}

const json = { 'content-type': 'application/json' };

describe('who may ask the playground', () => {
  it('is its own page, by either name of this machine', async () => {
    for (const name of ['127.0.0.1', 'localhost']) {
      const host = `${name}:${playground.port}`;
      expect(await statusOf('GET', { host })).toBe(200);
      expect(await statusOf('POST', { host, origin: `http://${host}`, ...json })).toBe(200);
    }
  });

  it.each([
    ['a name that leads here', 'GET', { host: 'attacker.example' }],
    [
      'a page of a name that leads here',
      'POST',
      { host: 'attacker.example:{port}', origin: 'http://attacker.example:{port}' },
    ],
    ['another port of this machine', 'GET', { host: '127.0.0.1:1' }],
    ['another origin', 'POST', { origin: 'https://attacker.example' }],
    ['another port as origin', 'POST', { origin: 'http://127.0.0.1:1' }],
    ['the other name as origin', 'POST', { origin: 'http://localhost:{port}' }],
    ['an origin without a name', 'POST', { origin: 'null' }],
    ['a page of another origin that only reads', 'GET', { origin: 'https://attacker.example' }],
  ])('is not %s', async (_, method, chosen) => {
    const own = { host: `127.0.0.1:${playground.port}`, ...json };
    const filled = Object.fromEntries(
      Object.entries(chosen).map(([name, value]) => [
        name,
        value.replace('{port}', String(playground.port)),
      ]),
    );

    expect(await statusOf(method, { ...own, ...filled })).toBe(403);
  });

  it('is nobody who posts without an origin, or as a form does', async () => {
    const host = `127.0.0.1:${playground.port}`;
    const form = { 'content-type': 'text/plain' };

    expect(await statusOf('POST', { host, ...json })).toBe(403);
    expect(await statusOf('POST', { host, origin: `http://${host}`, ...form })).toBe(415);
  });

  it('is nobody who sends without end', async () => {
    const host = `127.0.0.1:${playground.port}`;
    let sentBytes = 0;
    const status = await new Promise<number>((resolve, reject) => {
      const { port } = playground;
      const headers = { host, origin: `http://${host}`, ...json };
      const request = send({ host: '127.0.0.1', port, method: 'POST', path: '/check', headers })
        .once('response', (response) => resolve(response.statusCode ?? 0))
        .once('error', reject);
      const timer = setInterval(() => {
        if (sentBytes > 64 * 1024 * 1024 || request.destroyed) {
          clearInterval(timer);
          request.end();
          return;
        }
        sentBytes += 1024 * 1024;
        request.write(Buffer.alloc(1024 * 1024, ' '));
      }, 5);
      request.once('response', () => {
        clearInterval(timer);
        request.destroy();
      });
    });

    expect(status).toBe(400);
    expect(sentBytes).toBeLessThan(32 * 1024 * 1024);
  });

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
  it.skipIf(outside === undefined)('is nobody on the network', async () => {
    await expect(fetch(`http://${outside}:${playground.port}/start`)).rejects.toThrow();
  });

  it('gets a page that may load nothing from elsewhere', async () => {
    const { headers } = await fetch(playground.url);
    const policy = headers.get('content-security-policy') ?? '';

    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toMatch(/connect-src 'self' http:\/\/\*\.localhost:\d+;/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|data:|https:/);
    expect(policy).toContain("base-uri 'none'; form-action 'none'");
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });
});

describe('the environment of whoever started the playground', () => {
  it('is there for the variables that the file names, and for no other', async () => {
    const named = PLAYGROUND_CONFIG.replace('oss-token-broker]', '"${env:AUDIENCE}"]');
    const own = await startTestPlayground({
      text: named,
      environment: { AUDIENCE: 'ours', OSS_ACCESS_KEY_SECRET: 'hush' },
    });
    const curious = named.replace('AUDIENCE', 'OSS_ACCESS_KEY_SECRET');

    expect((await own.ask()).answer.status).toBe(200);
    expect((await own.check(curious)).problems).toMatchObject([
      { message: expect.stringContaining('"OSS_ACCESS_KEY_SECRET" is not set') },
    ]);
    await own.close();
  });
});

describe('a config in the editor', () => {
  it('is loaded as the broker loads it, with the place of each problem', async () => {
    const wrong = PLAYGROUND_CONFIG.replace('audiences', 'audience').replace(
      '[read, list]',
      '[raed]',
    );
    const { problems, callers } = await playground.check(wrong);

    expect(callers).toEqual([]);
    expect(problems).toMatchObject([
      { line: 5, path: 'issuers[0].audiences' },
      { line: 7, message: expect.stringContaining('did you mean "audiences"?') },
      { line: 22, path: 'grants[1].allow[0].permissions[0]' },
    ]);
  });

  it('offers callers who get what their grant allows, and some who get nothing', async () => {
    const { callers } = await playground.check(PLAYGROUND_CONFIG);
    const outcomes: (readonly [string, string])[] = [];
    for (const { label, claims, grant } of callers) {
      const { outcome } = await playground.ask({ claims, request: grant ? { Grant: grant } : {} });
      outcomes.push([label, outcome]);
    }

    expect(outcomes).toEqual([
      ['alice, for user-files', 'granted'],
      ['bob, for user-files', 'granted'],
      ['alice, for team-files', 'granted'],
      ['bob, for team-files', 'granted'],
      ['alice, with an expired token', 'refused'],
      ['alice, with a token for another audience', 'refused'],
      ['alice, who names another issuer', 'refused'],
    ]);
  });

  it('takes effect at once, with other buckets, roles and issuers', async () => {
    const text = PLAYGROUND_CONFIG.replaceAll('app-media', 'other-media')
      .replaceAll('role/oss-uploader', 'role/another')
      .replace('login.example.com', 'id.example.com');
    const asked = await playground.ask({ text });

    expect(asked.targets).toEqual(['oss://other-media/users/alice/']);
    expect(asked.audit).toContain('role/another');
    expect((await playground.tree(asked)).places[0]).toMatchObject({ name: 'other-media' });
  });
});

/** The config with a line for the issuer, or for the first grant. */
const withIssuer = (line: string) =>
  PLAYGROUND_CONFIG.replace('    attributes:', `    ${line}\n    attributes:`);
const withGrant = (line: string) =>
  PLAYGROUND_CONFIG.replace('    allow:', `    ${line}\n    allow:`);

describe('the steps', () => {
  const refused = ({ steps }: Asked) => steps.find(({ state }) => state === 'refused');

  it.each<[StepName, string, Parameters<TestPlayground['ask']>[0]]>([
    ['verify', 'token_expired', { claims: { sub: 'alice', exp: 1, iat: 0 } }],
    ['verify', 'audience_mismatch', { claims: { sub: 'alice', aud: 'another' } }],
    ['verify', 'token_revoked', { text: withIssuer('tokensValidAfter: 2100-01-01T00:00:00Z') }],
    ['limit the caller', 'subject_denied', { text: withIssuer('deny: { subjects: [alice] }') }],
    ['limit the caller', 'request_malformed', { request: { Nonsense: 1 } }],
    ['limit the caller', 'target_malformed', { request: { Target: 'users/' } }],
    ['match', 'no_grant_fits', { claims: { sub: 'a/b' } }],
    ['match', 'ambiguous_grant', { claims: { sub: 'alice', plan: 'pro' } }],
    ['match', 'target_outside_grant', { request: { Target: 'oss://app-media/users/bob/' } }],
    ['narrow', 'permission_outside_grant', { request: { Permissions: ['delete'] } }],
    ['narrow', 'duration_outside_grant', { request: { DurationSeconds: 7200 } }],
    [
      'render',
      'session_policy_too_large',
      {
        text: PLAYGROUND_CONFIG.replace('{ claim: sub }', '{ claim: accounts }'),
        claims: { accounts: Array.from({ length: 60 }, (_, at) => `somebody-with-a-name-${at}`) },
      },
    ],
    ['limit the request', 'grant_disabled', { text: withGrant('disabled: true') }],
    [
      'limit the request',
      'token_revoked',
      { text: withGrant('tokensValidAfter: 2100-01-01T00:00:00Z') },
    ],
  ])('say that "%s" refuses for %s, as the audit line does', async (step, reason, question) => {
    const asked = await playground.ask(question);
    const at = asked.steps.findIndex(({ name }) => name === step);

    expect([refused(asked)?.name, refused(asked)?.says[0]]).toEqual([step, reason]);
    expect(JSON.parse(asked.audit)).toMatchObject({ decision: 'refused', reason });
    expect(asked.steps.slice(0, at).map(({ state }) => state)).toEqual(Array(at).fill('passed'));
    expect(asked.steps.slice(at + 1, -1).every(({ state }) => state === 'not reached')).toBe(true);
    expect(asked.keys).toBeUndefined();
  });

  it('say that "assume" refuses a caller who asks for too many credentials', async () => {
    const text = `${PLAYGROUND_CONFIG}limits: { assumeRole: { requests: 1, window: 10m } }\n`;
    const first = await playground.ask({ text });
    const second = await playground.ask({ text, request: { Permissions: ['read'] } });

    expect(first.outcome).toBe('granted');
    expect(refused(second)).toMatchObject({
      name: 'assume',
      says: expect.arrayContaining(['rate_limited', 'scope: assume_role']),
    });
  });

  it('all pass for a credential, whose secrets stand in no text', async () => {
    const asked = await playground.ask();
    const { keys, ...shown } = asked;

    expect(asked.steps.map(({ state }) => state)).toEqual(Array(8).fill('passed'));
    expect(asked.policy).toMatchObject({ maxBytes: 2047 });
    expect(JSON.parse(asked.policy?.text ?? '')).toMatchObject({ Version: '1' });
    expect(JSON.stringify(shown)).not.toContain(keys?.accessKeySecret);
    expect(JSON.stringify(shown)).not.toContain(keys?.securityToken);
  });

  it('show what each condition of each grant saw', async () => {
    const { grants } = await playground.ask({ claims: { sub: 'alice', plan: 'free' } });

    expect(grants).toMatchObject([
      { grant: 'user-files', fate: 'chosen', attributes: [{ name: 'user', values: ['alice'] }] },
      {
        grant: 'team-files',
        fate: 'does not fit',
        why: 'condition in on claim "plan" does not hold',
        conditions: [{ claim: '"plan"', wants: 'in ["pro","team"]', saw: '"free"', holds: false }],
      },
    ]);
  });
});

describe('the tree', () => {
  it('says of each place what OSS then does', async () => {
    const asked = await playground.ask({ request: { Grant: 'user-files' } });
    const { places } = await playground.tree(asked);
    const { keys, oss } = asked;
    const client = createOssClient(
      oss.endpoint.replace('localhost', '127.0.0.1'),
      {
        AccessKeyId: keys?.accessKeyId ?? '',
        AccessKeySecret: keys?.accessKeySecret ?? '',
        SecurityToken: keys?.securityToken ?? '',
      },
      { bucket: 'app-media', region: 'oss-cn-hangzhou', authorizationV4: true },
    );
    const isAllowed = (attempt: Promise<unknown>) =>
      attempt.then(
        () => true,
        (error: { readonly code: string }) => {
          if (error.code === 'AccessDenied') return false;
          // it may look, and nothing is there
          if (error.code === 'NoSuchKey') return true;
          throw error;
        },
      );

    expect(places.length).toBeGreaterThan(6);
    for (const { kind, key, may } of places) {
      const object = kind === 'object' ? key : `${key}any-object`;
      // ali-oss signs an empty prefix, and does not send it
      const listing = { ...(key === '' ? {} : { prefix: key }), 'max-keys': '1' };
      expect({ key, ...may }).toEqual({
        key,
        read: await isAllowed(client.get(object)),
        write: await isAllowed(client.put(object, Buffer.from('x'))),
        list: kind !== 'object' && (await isAllowed(client.listV2(listing, {}))),
        delete: await isAllowed(client.delete(object)),
      });
    }
    expect(places.filter(({ may }) => may.write).map(({ key }) => key)).toEqual([
      'users/alice/',
      'users/alice/hello.txt',
    ]);
  });

  it('is closed to a caller who was refused', async () => {
    const { places } = await playground.tree(await playground.ask({ claims: { sub: 'a/b' } }));

    expect(places.length).toBeGreaterThan(0);
    expect(places.flatMap(({ may }) => Object.values(may)).includes(true)).toBe(false);
  });
});
