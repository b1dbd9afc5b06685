/** `npm run dev` with one's own config, and `npm run dev:token`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/bundle.ts';
import { toObject } from '../support/declared.ts';
import { devClient, type RunningDev, runScript, startDev } from '../support/dev.ts';
import { ossRefusal } from '../support/oss-client.ts';

const HELLO = Buffer.from('hello');
/** The key of an issuer that brings its keys in the config: the broker must not ask for its signature here. */
const JWKS = `{ keys: [{ kty: EC, crv: P-256, kid: theirs, alg: ES256, use: sig,
      x: f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU, y: x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0 }] }`;

const CONFIG = `
region: ap-southeast-1
buckets:
  media-one: { region: ap-southeast-1, endpoint: internal }
  media-two: { region: eu-central-1, endpoint: "https://files.example.com", cname: true }
issuers:
  - name: app
    issuer: https://login.example.com/realms/app
    audiences: [first-audience, second-audience]
    attributes: { user: { claim: sub } }
  - name: inline
    issuer: https://id.acme.example
    audiences: [ours]
    jwks: ${JWKS}
    algorithms: [ES384]
    types: [partner+jwt]
  - name: edwards
    issuer: https://ed.example.com
    audiences: [ours]
    jwksUri: https://ed.example.com/keys
    algorithms: [EdDSA]
grants:
  - name: app-files
    issuer: app
    role: acs:ram::210987654321:role/somebody-elses
    externalId: agreed
    allow: [{ target: "oss://media-one/{user}/", permissions: [read, write] }]
    duration: { default: 12h, max: 12h }
    restrict: { sourceIp: caller }
  - name: inline-files
    issuer: inline
    when: [{ claim: seats, equals: 3 }, { claim: [app, roles], contains: "it's" }]
    role: acs:ram::210987654321:role/another
    allow: [{ target: "oss://media-two/inbox/", permissions: [write] }]
  - name: edwards-files
    issuer: edwards
    role: acs:ram::210987654321:role/another
    allow: [{ target: "oss://media-two/ed/", permissions: [list] }]
publicUrl: https://broker.example.com
surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: NO_SUCH_VARIABLE }] } }
callerAddress: { header: X-Forwarded-For, trustedHops: 2 }
sourceCredentials: { type: file, path: /nowhere/credentials.json }
store: { redisUrlFrom: NO_SUCH_VARIABLE }
cors: { origins: [https://app.example.com] }
`;

const folder = mkdtempSync(join(tmpdir(), 'dev-config-'));
const file = join(folder, 'my-broker.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm run dev with a config of one’s own', () => {
  let dev: RunningDev;
  beforeAll(async () => {
    writeFileSync(file, CONFIG);
    dev = await startDev([file]);
  });
  afterAll(() => dev?.close());

  it('gives credentials for the buckets, roles and external IDs of the config', async () => {
    const answer = await dev.ask(await dev.token('--issuer', 'app', 'sub=42'));
    const client = devClient(answer, 'media-one');

    expect(answer).toMatchObject({
      StatusCode: 200,
      Grant: { Targets: [{ Target: 'oss://media-one/42/', Region: 'ap-southeast-1' }] },
    });
    expect((await client.put('42/a.txt', HELLO)).res.status).toBe(200);
    expect(await ossRefusal(client.put('43/a.txt', HELLO))).toBe('AccessDenied');
    expect(dev.said()).toContain('"grant":"app-files"');
  });

  it('makes credential URLs that work, without a key in the environment', async () => {
    const made = await fetch(`${dev.brokerUrl}/v1/credential-urls`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${await dev.token('--issuer', 'app', 'sub=42')}` },
    });
    const { Url } = toObject(await made.json());
    const answer = toObject(await (await fetch(String(Url))).json());

    expect(String(Url).startsWith(`${dev.brokerUrl}/c/`)).toBe(true);
    expect((await devClient(answer, 'media-one').put('42/b.txt', HELLO)).res.status).toBe(200);
  });

  it('signs with the iss, the audience, the algorithm and the type of the config', async () => {
    const token = await dev.printToken('--issuer', 'inline');

    expect(decodeJwt(token)).toMatchObject({ iss: 'https://id.acme.example', aud: 'ours' });
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES384', typ: 'partner+jwt' });
  });

  it('stands in for an issuer whose keys are in the config, and for any other', async () => {
    const inline = ['--issuer', 'inline', 'seats:=3', `app:={"roles":["it's"]}`];
    const answer = await dev.ask(await dev.token(...inline));
    const list = await dev.ask(await dev.token('--issuer', 'edwards'));

    expect((await devClient(answer, 'media-two').put('inbox/a', HELLO)).res.status).toBe(200);
    expect(
      (await devClient(list, 'media-two').listV2({ prefix: 'ed/', 'max-keys': '1' }, {})).res
        .status,
    ).toBe(200);
    expect(await dev.ask(await dev.token('--issuer', 'inline', 'seats=3'))).toMatchObject({
      code: 'no_grant',
    });
  });

  it('takes the token of one issuer for no other', async () => {
    const posing = await dev.token('--issuer', 'inline', 'iss=https://ed.example.com');

    expect(await dev.ask(posing)).toMatchObject({ status: 401 });
  });

  it('prints the origins of its pages, and a token command for each grant', async () => {
    expect(dev.text).toContain('Pages of https://app.example.com may call the broker');
    for (const line of [
      '--issuer app sub=alice',
      `--issuer inline sub=alice seats:=3 'app:={"roles":["it'\\''s"]}'`,
      '--issuer edwards sub=alice',
    ]) {
      expect(dev.text).toContain(`${line}\n`);
    }
  });

  it('prints the endpoint of the same OSS for clients of S3', async () => {
    const [, ossPort] = /OSS +http:\/\/[^:]+:(\d+)/.exec(dev.text) ?? [];
    const [, s3Url = ''] = /S3 +(\S+)/.exec(dev.text) ?? [];
    const { port } = new URL(s3Url);
    // a program takes the simulator for its proxy, or looks the name up itself
    const answer = await fetch(`http://127.0.0.1:${port}/?list-type=2`, {
      headers: { 'x-amz-date': '20260101T000000Z', Authorization: 'AWS4-HMAC-SHA256 nothing' },
    });

    expect({ s3Url, port }).toEqual({ s3Url: `http://s3.localhost:${ossPort}`, port: ossPort });
    expect(await answer.text()).toContain('<Code>');
  });

  it('lets any claim be chosen, registered ones too', async () => {
    const token = await dev.printToken('--issuer', 'app', 'aud=second-audience', 'sub=a=b', 'n:=3');
    const expired = await dev.printToken('--issuer', 'app', 'exp:=1', 'iat:=0');

    expect(decodeJwt(token)).toMatchObject({ aud: 'second-audience', sub: 'a=b', n: 3 });
    expect(await dev.ask(expired)).toMatchObject({ code: 'subject_token_expired' });
  });

  it.each([
    [['--issuer', 'nobody'], 'there is no issuer "nobody"; there is app, inline, edwards'],
    [[], 'name one issuer of app, inline, edwards'],
    [['plan'], '"plan" is no claim'],
    [['n:=three'], 'the value of "n" is no JSON'],
    [['--isuser', 'app'], "Unknown option '--isuser'"],
  ])('dev:token %j says what is wrong, without a stack', async (args, problem) => {
    const port = new URL(dev.issuersUrl).port;
    const { code, stdout, stderr } = await runScript('dev:token', ['--port', port, ...args]);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(problem);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('npm run dev --caller-address and --port', () => {
  let dev: RunningDev | undefined;
  afterEach(() => dev?.close());

  it('takes every request to come from that address, at the broker and at OSS', async () => {
    writeFileSync(file, CONFIG);
    const port = await freePort();
    dev = await startDev([file, '--caller-address', '198.51.100.7', '--port', String(port)]);
    const answer = await dev.ask(await dev.token('--issuer', 'app', 'sub=42'));
    const put = await devClient(answer, 'media-one').put('42/a.txt', HELLO);

    expect(put.res.status).toBe(200);
    expect(dev.said()).toContain('"198.51.100.7"');
    expect(dev.brokerUrl).toBe(`http://127.0.0.1:${port}`);
    expect(dev.text).not.toContain('usual port 9000');
  });
});

describe('npm run dev --credential-seconds', () => {
  let dev: RunningDev | undefined;
  afterEach(() => dev?.close());

  it('gives credentials so short that their refresh can be watched', async () => {
    dev = await startDev(['--credential-seconds', '2']);
    const token = await dev.token('sub=42');
    const first = await dev.ask(token, '?Grant=user-files');
    const client = devClient(first, 'app-media');
    const put = () => client.put('users/42/a.txt', HELLO);
    expect((await put()).res.status).toBe(200);
    expect(Date.parse(String(first['Expiration'])) - Date.now()).toBeLessThanOrEqual(2000);

    await sleep(2100);
    const second = await dev.ask(token, '?Grant=user-files');

    expect(await ossRefusal(put())).toBe('SecurityTokenExpired');
    expect(second['AccessKeyId']).not.toBe(first['AccessKeyId']);
    expect((await devClient(second, 'app-media').put('users/42/a.txt', HELLO)).res.status).toBe(
      200,
    );
  });
});

describe('npm run dev, started several times at once', () => {
  let all: readonly RunningDev[];
  beforeAll(async () => {
    all = await Promise.all([startDev(), startDev(), startDev()]);
  }, 30_000);
  afterAll(() => Promise.all(all.map((one) => one.close())));

  it('gives each its own ports', async () => {
    for (const name of ['brokerUrl', 'issuersUrl'] as const) {
      expect(new Set(all.map((one) => one[name])).size).toBe(3);
    }
  });

  it('gives no credential below what STS gives unless it is asked to', async () => {
    const [dev] = all;
    const answer = await dev?.ask(await dev.token('sub=42'), '?Grant=user-files');

    expect(Date.parse(String(answer?.['Expiration'])) - Date.now()).toBeGreaterThan(890_000);
  });
});

describe('npm run dev that cannot start', () => {
  async function failure(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runScript('dev', args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).not.toMatch(/^ +at /m);
    return stderr;
  }

  it('tells every problem of a config with its line', async () => {
    writeFileSync(
      file,
      CONFIG.replace('permissions: [list]', 'permissions: [lsit]').replace(
        'externalId',
        'externalID',
      ),
    );
    const said = (await failure(file)).trimEnd().split('\n');

    expect(said).toEqual([
      expect.stringMatching(/my-broker\.yaml:\d+:\d+ grants\[0\].*externalID/),
      expect.stringMatching(/my-broker\.yaml:\d+:\d+ grants\[2\]\.allow\[0\]\.permissions/),
    ]);
  });

  it('says that there is no such file', async () => {
    expect(await failure(join(folder, 'nowhere.yaml'))).toMatch(
      /nowhere\.yaml cannot be read: ENOENT/,
    );
  });

  it('says that the port it was told to use is taken', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = toObject(squatter.address());

    expect(await failure('--port', String(port))).toContain(`Port ${String(port)} is taken.`);
    squatter.close();
  });

  it.each([
    [['--credential-seconds', '901'], '--credential-seconds takes a whole number from 1 to 900.'],
    [['--caller-address', 'home'], '--caller-address takes an IP address.'],
    [['--origin', 'localhost:5173'], '"localhost:5173" is no origin'],
    [['--wrong'], "Unknown option '--wrong'"],
    [['a.yaml', 'b.yaml'], 'There is one config only.'],
  ])('says what is wrong with %j', async (args, problem) => {
    expect(await failure(...args)).toContain(problem);
  });
});

describe('npm run dev:token beside no npm run dev', () => {
  it('says what to start', async () => {
    const { code, stderr } = await runScript('dev:token', ['--port', '1', 'sub=42']);

    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'No issuer answers on port 1. Start npm run dev, or take the --port that it prints.\n',
    });
  });
});
