/** Real ali-oss clients with and without the kit, against broker and simulator. */
import { request } from 'node:http';
import OSS from 'ali-oss';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CredentialSource } from '../../src/client/credential.ts';
import { createCredentialSource } from '../../src/client/credential-source.ts';
import { forAliOss } from '../../src/client/for-ali-oss.ts';
import { letClockRun, passTime, stopClock } from '../faults/clock.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { createOssClient, credentialOf, ossRefusal } from '../support/oss-client.ts';

const MINUTE_MS = 60_000;
const KEY = 'users/user-1/video.mp4';
const PART_BYTES = 102_400;
const PARTS = 33;

const sleep = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs));

/** `delayMs` is how long the app takes for a subject token. */
const createSource = (broker: TestBroker, delayMs = 0) =>
  createCredentialSource({
    url: broker.url,
    getSubjectToken: async () => {
      await sleep(delayMs);
      return broker.issuer.token();
    },
  });

/** The status of a GET with the bucket in the header Host. */
const get = (endpoint: string, path: string) =>
  new Promise((resolve, reject) => {
    const headers = { host: 'app-media.oss-cn-hangzhou.aliyuncs.com' };
    request(`${endpoint}${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });

/** Notes which credentials a source hands out. */
function watch(source: CredentialSource) {
  const used = new Set<string>();
  const watched: CredentialSource = {
    async get(options) {
      const credential = await source.get(options);
      used.add(credential.accessKeyId);
      return credential;
    },
  };
  return { watched, used };
}

/** Three parts at a time, each with a pause, as on a slow line: some 11 s in all, and the waits for credentials. */
const uploadSlowly = (client: OSS) =>
  client.multipartUpload(KEY, Buffer.alloc(PARTS * PART_BYTES, 'x'), {
    partSize: PART_BYTES,
    parallel: 3,
    progress: () => sleep(1000),
  });

describe('an upload in parallel parts that outlives three credentials', () => {
  /** Credentials live 4 to 5 s, since Expiration has whole seconds. */
  const LIFE_SECONDS = 5;
  /** How long the app takes for a subject token. */
  const SLOWNESS_MS = 2000;
  let broker: TestBroker;

  beforeAll(async () => {
    broker = await startTestBroker({ longestSessionSeconds: LIFE_SECONDS });
  });
  afterAll(() => broker.close());

  it.concurrent('fails with refreshSTSToken alone: the requests beside a refresh use an ended credential', async ({
    expect,
  }) => {
    const fetchKeys = async () => {
      await sleep(SLOWNESS_MS);
      const { body } = await broker.ask();
      const { AccessKeyId, AccessKeySecret, SecurityToken } = credentialOf(body);
      return {
        accessKeyId: AccessKeyId,
        accessKeySecret: AccessKeySecret,
        stsToken: SecurityToken,
      };
    };
    const client = new OSS({
      ...(await fetchKeys()),
      bucket: 'app-media',
      region: 'oss-cn-hangzhou',
      endpoint: broker.simulator.oss.url,
      authorizationV4: true,
      refreshSTSToken: fetchKeys,
      // before the shortest life ends
      refreshSTSTokenInterval: 3500,
    });

    expect(await ossRefusal(uploadSlowly(client))).toBe('SecurityTokenExpired');
  });

  it.concurrent('passes with the kit', async ({ expect }) => {
    const { watched, used } = watch(createSource(broker, SLOWNESS_MS));
    const client = new OSS(await forAliOss(watched));

    await uploadSlowly(client);
    const { content } = await client.get(KEY);
    expect(content).toHaveLength(PARTS * PART_BYTES);
    expect(used.size).toBeGreaterThanOrEqual(4);
  }, 60_000);
});

describe('ali-oss with the kit', () => {
  let broker: TestBroker;
  afterEach(async () => {
    letClockRun();
    await broker.close();
  });

  const startStill = async () => {
    stopClock();
    broker = await startTestBroker();
  };
  const put = (client: OSS) => client.put(KEY, Buffer.from('x')).then(({ res }) => res.status);

  it('is told bucket, region and endpoint by the broker', async () => {
    broker = await startTestBroker();

    expect(await forAliOss(createSource(broker))).toMatchObject({
      bucket: 'app-media',
      region: 'oss-cn-hangzhou',
      endpoint: broker.simulator.oss.url,
      secure: false,
      authorizationV4: true,
    });
  });

  it('asks once for all requests that are made at once', async () => {
    await startStill();
    const client = new OSS(await forAliOss(createSource(broker)));
    passTime(14 * MINUTE_MS);
    await Promise.all([put(client), put(client), put(client)]);

    expect(broker.auditLines()).toHaveLength(2);
  });

  it('signs a URL that OSS accepts right after a refresh, if the client is new', async () => {
    await startStill();
    const source = createSource(broker);
    const old = new OSS(await forAliOss(source));
    await put(old);
    passTime(14 * MINUTE_MS);
    await source.get();
    const read = async (client: OSS) => {
      const url = await client.signatureUrlV4('GET', 60, undefined, KEY);
      // ali-oss leaves the bucket out of a URL with an IP address
      const { pathname, search } = new URL(url);
      return get(broker.simulator.oss.url, `${pathname}${search}`);
    };

    expect(await read(old)).toBe(403);
    expect(await read(new OSS(await forAliOss(source)))).toBe(200);
  });

  it('uploads for hours', async () => {
    await startStill();
    const client = new OSS(await forAliOss(createSource(broker)));
    for (let minute = 0; minute < 120; minute += 1) {
      passTime(MINUTE_MS);
      expect(await put(client)).toBe(200);
    }

    expect(broker.stsCalls()).toBeLessThan(15);
  });

  it('goes on when the broker cannot refresh, where plain ali-oss stops', async () => {
    await startStill();
    const client = new OSS(await forAliOss(createSource(broker)));
    const plain = createOssClient(
      broker.simulator.oss.url,
      credentialOf((await broker.ask()).body),
      {
        refreshSTSTokenInterval: 10 * MINUTE_MS,
        refreshSTSToken: async () => {
          throw new Error((await broker.ask({ token: null })).text);
        },
      },
    );
    passTime(14 * MINUTE_MS);
    broker.simulator.sts.faults.set({ kind: 'json5xx', code: 'ServiceUnavailable' });

    await expect(put(plain)).rejects.toThrow('subject_token_required');
    expect(await put(client)).toBe(200);
  });

  it('asks also after the clock was set back', async () => {
    await startStill();
    const client = new OSS(await forAliOss(createSource(broker)));
    passTime(-5 * MINUTE_MS);
    await put(client);

    expect(broker.auditLines()).toHaveLength(2);
  });

  it('is kept to its own prefix', async () => {
    broker = await startTestBroker();
    const client = new OSS(await forAliOss(createSource(broker)));

    expect(await put(client)).toBe(200);
    expect(await ossRefusal(client.put('users/user-10/a', Buffer.from('a')))).toBe('AccessDenied');
  });

  it('finds the bucket that it was asked for among several', async () => {
    const more = '- { target: "oss://other/{user}/", permissions: [write] }';
    broker = await startTestBroker({
      config: SIMPLE_CONFIG.replace(
        'buckets:',
        'buckets:\n  other: { region: cn-beijing, endpoint: "{{oss}}" }',
      ).replace('    duration:', `      ${more}\n    duration:`),
    });
    const source = createSource(broker);

    expect(await forAliOss(source)).toMatchObject({ bucket: 'app-media' });
    expect(await forAliOss(source, { bucket: 'other' })).toMatchObject({
      bucket: 'other',
      region: 'oss-cn-beijing',
    });
    await expect(forAliOss(source, { bucket: 'third' })).rejects.toThrow(RangeError);
  });
});
