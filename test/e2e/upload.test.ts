import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatedIssuer, startIssuer } from '../../simulator/issuer/issuer.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { createOssClient, credentialOf, ossRefusal } from '../support/oss-client.ts';

const CALLER = { id: '1', secret: 'secret-of-1' };
const NEIGHBOUR = { id: '10', secret: 'secret-of-10' };

/** The subject token comes from oidc-provider, and every step goes over HTTP. */
describe.each([{ authorizationV4: false }, { authorizationV4: true }])(
  'a credential used by ali-oss with %o',
  (signing) => {
    let issuer: SimulatedIssuer;
    let broker: TestBroker;

    beforeAll(async () => {
      issuer = await startIssuer({
        callers: [CALLER, NEIGHBOUR],
        audience: 'oss-token-broker',
        tokenLifeSeconds: 3600,
      });
      const config = SIMPLE_CONFIG.replace('{{issuer}}', issuer.issuer);
      broker = await startTestBroker({ config });
    });

    afterAll(async () => {
      await Promise.all([broker.close(), issuer.close()]);
    });

    async function clientOf(caller: typeof CALLER, endpoint = broker.simulator.oss.url) {
      const token = await issuer.fetchToken(caller);
      const answer = await broker.ask({ token });
      return createOssClient(endpoint, credentialOf(answer.body), signing);
    }

    it('uploads 5 MB in parts, lists them and reads them back', async () => {
      const client = await clientOf(CALLER);
      const video = randomBytes(5 * 1024 * 1024);

      await client.multipartUpload('users/1/video.mp4', video, {
        partSize: 1024 * 1024,
        parallel: 2,
      });
      const listed = await client.listV2({ prefix: 'users/1/', 'max-keys': '10' }, {});
      const { content } = await client.get('users/1/video.mp4');

      expect(listed.objects.map(({ name, size }) => ({ name, size }))).toEqual([
        { name: 'users/1/video.mp4', size: video.length },
      ]);
      expect(video.equals(content)).toBe(true);
    });

    it('copies, heads and deletes below its prefix', async () => {
      const client = await clientOf(CALLER);
      await client.put('users/1/a b+c%.txt', Buffer.from('text'));

      await client.copy('users/1/copy.txt', 'users/1/a b+c%.txt');
      const { status } = await client.head('users/1/copy.txt');
      await client.deleteMulti(['users/1/copy.txt', 'users/1/a b+c%.txt']);

      expect(status).toBe(200);
      expect(await ossRefusal(client.get('users/1/copy.txt'))).toBe('NoSuchKey');
    });

    it('is refused everything outside its prefix', async () => {
      const client = await clientOf(CALLER);
      const neighbour = await clientOf(NEIGHBOUR);
      await neighbour.put('users/10/private.txt', Buffer.from('private'));

      expect((await neighbour.get('users/10/private.txt')).content.toString()).toBe('private');
      expect(await ossRefusal(client.get('users/10/private.txt'))).toBe('AccessDenied');
      expect(await ossRefusal(client.put('users/10/x.txt', Buffer.from('x')))).toBe('AccessDenied');
      expect(await ossRefusal(client.put('users/1', Buffer.from('x')))).toBe('AccessDenied');
      expect(await ossRefusal(client.delete('users/10/private.txt'))).toBe('AccessDenied');
      expect(await ossRefusal(client.copy('users/1/stolen.txt', 'users/10/private.txt'))).toBe(
        'AccessDenied',
      );
      expect(await ossRefusal(client.initMultipartUpload('users/10/x.mp4'))).toBe('AccessDenied');
      expect(
        await ossRefusal(
          client.multipartUpload('users/10/y.mp4', randomBytes(200_000), { partSize: 102_400 }),
        ),
      ).toBe('AccessDenied');
    });

    it('is refused listings of the bucket and of other prefixes', async () => {
      const client = await clientOf(CALLER);

      expect((await client.listV2({ prefix: 'users/1/', 'max-keys': '1' }, {})).res.status).toBe(
        200,
      );
      for (const prefix of ['', 'users/', 'users/1', 'users/10/']) {
        const query = { 'max-keys': '1', ...(prefix === '' ? {} : { prefix }) };
        expect(await ossRefusal(client.listV2(query, {}))).toBe('AccessDenied');
      }
      expect(await ossRefusal(client.listBuckets({ 'max-keys': 10 }))).toBe('AccessDenied');
    });

    it('is refused when it makes an object public', async () => {
      const client = await clientOf(CALLER);
      const publish = (acl: string) =>
        client.put('users/1/page.html', Buffer.from('x'), { headers: { 'x-oss-object-acl': acl } });

      expect((await publish('private')).res.status).toBe(200);
      expect(await ossRefusal(publish('public-read'))).toBe('AccessDenied');
      expect(await ossRefusal(publish('public-read-write'))).toBe('AccessDenied');
      expect(await ossRefusal(client.putACL('users/1/page.html', 'public-read'))).toBe(
        'AccessDenied',
      );
    });

    it('signs URLs that work for their own object only', async () => {
      const client = await clientOf(CALLER);
      await client.put('users/1/shared.txt', Buffer.from('shared'));
      // ali-oss signs no URL for an IP address, so sign for a host name and send to the simulator
      const signer = await clientOf(CALLER, 'http://oss-cn-hangzhou.aliyuncs.com');
      const sign = (name: string) =>
        signing.authorizationV4
          ? signer.signatureUrlV4('GET', 60, {}, name)
          : Promise.resolve(signer.signatureUrl(name, { expires: 60 }));
      const read = async (url: string) => {
        const { pathname, search } = new URL(url);
        return fetch(`${broker.simulator.oss.url}/app-media${pathname}${search}`);
      };

      expect(await (await read(await sign('users/1/shared.txt'))).text()).toBe('shared');
      expect((await read(await sign('users/10/private.txt'))).status).toBe(403);
      expect(
        (await read((await sign('users/1/shared.txt')).replace('shared', 'other'))).status,
      ).toBe(403);
    });

    it('is refused once it has expired', async () => {
      const client = await clientOf(CALLER);
      await client.put('users/1/last.txt', Buffer.from('x'));

      broker.clock.offsetMs = 901_000;
      try {
        expect(await ossRefusal(client.put('users/1/late.txt', Buffer.from('x')))).toBe(
          'SecurityTokenExpired',
        );
      } finally {
        broker.clock.offsetMs = 0;
      }
    });
  },
);

describe('a grant that requires HTTPS', () => {
  it('gives a credential that OSS refuses over plain HTTP', async () => {
    const secure = await startTestBroker({
      config: SIMPLE_CONFIG.replace('    restrict: { https: false }\n', ''),
    });
    const plain = await startTestBroker();
    const put = async (broker: TestBroker) => {
      const { body } = await broker.ask();
      return createOssClient(broker.simulator.oss.url, credentialOf(body)).put(
        'users/user-1/x',
        Buffer.from('x'),
      );
    };

    expect((await put(plain)).res.status).toBe(200);
    expect(await ossRefusal(put(secure))).toBe('AccessDenied');
    await Promise.all([secure.close(), plain.close()]);
  });
});
