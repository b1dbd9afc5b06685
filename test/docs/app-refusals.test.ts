/** What docs/apps.md says of refusals and of common mistakes. */
import { afterEach, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { memberAt, SCHEMAS } from '../support/declared.ts';
import { createOssClient, credentialOf, ossRefusal } from '../support/oss-client.ts';
import { toList } from './configs.ts';
import { namesIn, sectionOf } from './sections.ts';

const HOUR_SECONDS = 3600;
const FILE = Buffer.from('x');

let broker: TestBroker;

afterEach(() => broker?.close());

describe('the refusals on the page', () => {
  it('are codes of openapi.yaml, each once', () => {
    const codes = toList(memberAt(SCHEMAS, ['Problem', 'properties', 'code', 'enum']));
    const shown = namesIn(sectionOf('docs/apps.md', 'What to show for each refusal'), 1);

    expect(shown.filter((code) => !codes.includes(code))).toEqual([]);
    expect(new Set(shown).size).toBe(shown.length);
  });

  it('that ask to try again are those that come with Retry-After', () => {
    const [row = ''] = sectionOf('docs/apps.md', 'What to show for each refusal')
      .split('\n')
      .filter((line) => line.includes('`Retry-After`'));

    expect(namesIn(row, 1)).toEqual([
      'rate_limited',
      'sts_throttled',
      'sts_unavailable',
      'issuer_unavailable',
      'replay_store_unavailable',
    ]);
  });
});

describe('a common mistake', () => {
  async function issue(config = SIMPLE_CONFIG) {
    broker = await startTestBroker({ config, corsOrigins: ['https://app.example.com'] });
    const exp = Math.floor(Date.now() / 1000) + 2 * HOUR_SECONDS;
    const { body } = await broker.ask({ claims: { exp }, body: { DurationSeconds: HOUR_SECONDS } });
    return { url: broker.simulator.oss.url, credential: credentialOf(body) };
  }
  const V4 = { authorizationV4: true };

  it('is plain HTTP: AccessDenied', async () => {
    const { url, credential } = await issue(
      SIMPLE_CONFIG.replace('    restrict: { https: false }\n', ''),
    );
    const client = createOssClient(url, credential, V4);

    expect(await ossRefusal(client.put('users/user-1/a', FILE))).toBe('AccessDenied');
  });

  it('is a key outside the prefix: AccessDenied', async () => {
    const { url, credential } = await issue();
    const client = createOssClient(url, credential, V4);

    expect((await client.put('users/user-1/a', FILE)).res.status).toBe(200);
    expect(await ossRefusal(client.put('a', FILE))).toBe('AccessDenied');
  });

  it('is the region of another bucket: the signature is wrong', async () => {
    const { url, credential } = await issue();
    const client = createOssClient(url, credential, { ...V4, region: 'oss-cn-beijing' });

    expect(await ossRefusal(client.put('users/user-1/a', FILE))).toMatch(/^(Signature|Invalid)/);
  });

  it('is a wrong clock: RequestTimeTooSkewed', async () => {
    const { url, credential } = await issue();
    broker.clock.offsetMs += 20 * 60_000;
    const client = createOssClient(url, credential, V4);

    expect(await ossRefusal(client.put('users/user-1/a', FILE))).toBe('RequestTimeTooSkewed');
  });

  it('is an origin that neither the broker nor the bucket lists', async () => {
    await issue();
    const headers = {
      Origin: 'https://www.app.example.com',
      'Access-Control-Request-Method': 'PUT',
    };
    const { body } = await broker.ask({ method: 'OPTIONS', headers });
    const bucket = await fetch(`${broker.simulator.oss.url}/users/user-1/a`, {
      method: 'OPTIONS',
      headers,
    });

    expect(body['code']).toBe('origin_not_allowed');
    expect(bucket.headers.get('access-control-allow-origin')).toBeNull();
  });
});
