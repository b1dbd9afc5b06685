import { createServer, type RequestListener, type Server } from 'node:http';
import OSS from 'ali-oss';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../../../simulator/cloud.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { createStaticCredentials } from '../../../simulator/static-credentials.ts';
import { ConfigError } from '../../../src/config-loader/config-problems.ts';
import { createOssSource } from '../../../src/config-loader/source/oss-source.ts';
import { encodeOssPath } from '../../../src/lib/encode-oss-path.ts';

const PLACE = 'oss://config/broker/broker.yaml';
/** The role session of a function. */
const READER: Identity = {
  accessKeyId: 'STS.canaryReader',
  accessKeySecret: 'canary-secret',
  securityToken: 'canary+token/==',
  arn: 'acs:ram::123456789012:assumed-role/oss-token-broker/instance',
  policies: [allow('oss:GetObject', 'acs:oss:*:*:config/broker/*')],
};
const OPERATOR: Identity = {
  accessKeyId: 'LTAIoperator',
  accessKeySecret: 'operator',
  arn: 'acs:ram::123456789012:user/operator',
  policies: [allow('oss:*', 'acs:oss:*:*:*')],
};

function allow(Action: string, Resource: string) {
  return [{ Version: '1', Statement: [{ Effect: 'Allow', Action, Resource } as const] } as const];
}

let simulator: Simulator;
let operator: OSS;
const servers: Server[] = [];

beforeAll(async () => {
  const buckets = ['config'];
  simulator = await startSimulator({ now: Date.now, buckets, region: 'cn-hangzhou' });
  for (const identity of [READER, OPERATOR]) {
    simulator.cloud.identities.set(identity.accessKeyId, identity);
  }
  operator = new OSS({
    ...OPERATOR,
    bucket: 'config',
    region: 'oss-cn-hangzhou',
    endpoint: simulator.oss.url,
  });
});

afterAll(() => simulator.close());

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function open(
  options: {
    readonly place?: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly credentials?: Identity;
    readonly now?: () => number;
  } = {},
) {
  const { place = PLACE, environment, credentials = READER, now = Date.now } = options;
  const asked: unknown[] = [];
  const source = createOssSource({
    place,
    environment: {
      BROKER_CONFIG_REGION: 'cn-hangzhou',
      BROKER_CONFIG_ENDPOINT: simulator.oss.url,
      ...environment,
    },
    createCredentials: (type, region) => {
      asked.push(type, region);
      return createStaticCredentials(credentials);
    },
    fetch,
    now,
  });
  return { ...source, asked };
}

/** The problem of a source that cannot be opened or read. */
async function problemOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('there was no problem');
}

/** Starts a server that answers instead of OSS. */
async function answering(listener: RequestListener): Promise<{ BROKER_CONFIG_ENDPOINT: string }> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { BROKER_CONFIG_ENDPOINT: `http://127.0.0.1:${port}` };
}

describe('a config in OSS', () => {
  it('is read with a signature that OSS accepts', async () => {
    await operator.put('broker/broker.yaml', Buffer.from('region: cn-hangzhou # é\n'));

    expect(await open().read()).toEqual({ text: 'region: cn-hangzhou # é\n', file: PLACE });
  });

  it.each(["broker/a b+c&d=e!'()~.yaml", 'broker/配置.yaml', 'broker/50%.yaml'])(
    'may have the key %s, unless a target cannot contain it',
    async (key) => {
      await operator.put(key, Buffer.from('x'));
      const source = () => open({ place: `oss://config/${key}` });
      if (/%/.test(key)) expect(await problemOf(source)).toContain('does not name an object');
      else expect(await source().read()).toMatchObject({ text: 'x' });
    },
  );

  it('is sent again only after it has changed', async () => {
    await operator.put('broker/broker.yaml', Buffer.from('one'));
    const source = open();
    await source.read();
    const statuses = () => simulator.oss.calls.slice(-1).map(({ status }) => status);

    expect(await source.readChange()).toBeUndefined();
    expect(statuses()).toEqual([304]);
    await operator.put('broker/broker.yaml', Buffer.from('two'));
    expect(await source.readChange()).toMatchObject({ text: 'two' });
    expect(await source.readChange()).toBeUndefined();
  });

  it('is sent again, even unchanged, for a full read', async () => {
    await operator.put('broker/broker.yaml', Buffer.from('one'));
    const source = open();
    await source.read();

    expect(await source.read()).toMatchObject({ text: 'one' });
  });

  it('is read in full each time if OSS sends no ETag', async () => {
    const asked: unknown[] = [];
    const environment = await answering((request, response) => {
      asked.push(request.headers['if-none-match']);
      response.end('text');
    });
    const source = open({ environment });

    expect([await source.read(), await source.readChange()]).toMatchObject([
      { text: 'text' },
      { text: 'text' },
    ]);
    expect(asked).toEqual([undefined, undefined]);
  });

  it('is read with the credentials that BROKER_CONFIG_CREDENTIALS names, in the region of the bucket', () => {
    expect(open().asked).toEqual([undefined, 'cn-hangzhou']);
    expect(open({ environment: { BROKER_CONFIG_CREDENTIALS: 'oidc_role_arn' } }).asked).toEqual([
      'oidc_role_arn',
      'cn-hangzhou',
    ]);
  });

  it.each([
    [{}, 'https://config.oss-cn-hangzhou.aliyuncs.com/broker/broker.yaml'],
    [
      { BROKER_CONFIG_ENDPOINT: 'internal' },
      'https://config.oss-cn-hangzhou-internal.aliyuncs.com/broker/broker.yaml',
    ],
    [
      { BROKER_CONFIG_ENDPOINT: 'https://files.example.com' },
      'https://files.example.com/broker/broker.yaml',
    ],
  ])('is read from the address of the bucket, with %o', async (environment, expected) => {
    const asked: unknown[] = [];
    const source = createOssSource({
      place: PLACE,
      environment: { BROKER_CONFIG_REGION: 'cn-hangzhou', ...environment },
      createCredentials: () => createStaticCredentials(READER),
      fetch: async (url, init) => {
        asked.push(url, init?.redirect);
        return new Response('text');
      },
      now: Date.now,
    });
    await source.read();

    expect(asked).toEqual([expected, 'manual']);
  });

  it.each<[string, string, Record<string, string>, string]>([
    ['no key', 'oss://config/', {}, 'does not name an object'],
    ['a prefix as the key', 'oss://config/broker/', {}, 'does not name an object'],
    ['".." in the path', 'oss://config/../other/x', {}, 'does not name an object'],
    ['no bucket', 'oss:///x', {}, 'does not name an object'],
    ['no region', PLACE, { BROKER_CONFIG_REGION: '' }, 'needs BROKER_CONFIG_REGION'],
    ['a host as region', PLACE, { BROKER_CONFIG_REGION: 'evil.example.com/' }, 'needs BROKER_CON'],
    ['plain HTTP', PLACE, { BROKER_CONFIG_ENDPOINT: 'http://files.example.com' }, 'https://'],
    ['an endpoint with a path', PLACE, { BROKER_CONFIG_ENDPOINT: 'https://e.com/x' }, 'https://'],
    ['an endpoint with a user', PLACE, { BROKER_CONFIG_ENDPOINT: 'https://u@e.com' }, 'https://'],
    ['an endpoint that is no URL', PLACE, { BROKER_CONFIG_ENDPOINT: 'accelerate' }, 'https://'],
    ['credentials with settings', PLACE, { BROKER_CONFIG_CREDENTIALS: 'file' }, 'must be one of'],
  ])('is not read with %s in its settings', async (_what, place, environment, expected) => {
    const problem = await problemOf(() => open({ place, environment }));

    expect(problem).toContain(expected);
    expect(problem).toMatch(new RegExp(`^${place}:1:1 `));
  });
});

describe('a config in OSS that cannot be read', () => {
  it('is reported with the missing object', async () => {
    const problem = await problemOf(() => open({ place: 'oss://config/broker/no.yaml' }).read());

    expect(problem).toContain(
      'oss://config/broker/no.yaml:1:1 cannot be read: OSS answered 404 NoSuchKey',
    );
  });

  it('is reported with the missing permission', async () => {
    const problem = await problemOf(() => open({ place: 'oss://config/other.yaml' }).read());

    expect(problem).toContain('403 AccessDenied');
    expect(problem).toContain('oss:GetObject on acs:oss:*:*:config/other.yaml');
  });

  it.each<[string, Partial<Identity>, string]>([
    ['another secret', { accessKeySecret: 'wrong' }, 'SignatureDoesNotMatch'],
    ['another token', { securityToken: 'wrong' }, '403'],
  ])('is reported if OSS refuses %s', async (_what, change, expected) => {
    const problem = await problemOf(() => open({ credentials: { ...READER, ...change } }).read());

    expect(problem).toContain(expected);
    expect(problem).not.toMatch(/canary|wrong|Signature=/);
  });

  it('is reported if the clock of the broker is wrong', async () => {
    const now = () => Date.now() - 20 * 60 * 1000;

    expect(await problemOf(() => open({ now }).read())).toContain('RequestTimeTooSkewed');
  });

  it('is reported if OSS cannot be reached', async () => {
    const environment = { BROKER_CONFIG_ENDPOINT: 'http://127.0.0.1:1' };

    expect(await problemOf(() => open({ environment }).read())).toContain('cannot be reached');
  });

  it('is reported after a redirect, which is not followed', async () => {
    const elsewhere: string[] = [];
    const other = await answering((request, response) => {
      elsewhere.push(request.url ?? '');
      response.end('region: evil');
    });
    const environment = await answering((_request, response) => {
      response.writeHead(307, { Location: `${other.BROKER_CONFIG_ENDPOINT}/x` }).end();
    });
    const problem = await problemOf(() => open({ environment }).read());

    expect(problem).toContain('OSS answered 307; set BROKER_CONFIG_REGION');
    expect(elsewhere).toEqual([]);
  });

  it('is read up to 8 MiB only', async () => {
    let sent = 0;
    const environment = await answering((_request, response) => {
      const more = () => {
        while (!response.destroyed && sent < 100 * 1024 * 1024) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536, 32))) {
            response.once('drain', more);
            return;
          }
        }
      };
      more();
    });

    expect(await problemOf(() => open({ environment }).read())).toContain('larger than 8388608');
    expect(sent).toBeLessThan(50 * 1024 * 1024);
  });

  it('is reported if OSS answers 304 to an unconditional request', async () => {
    const environment = await answering((_request, response) => {
      response.writeHead(304).end();
    });

    expect(await problemOf(() => open({ environment }).read())).toContain('OSS answered 304');
  });

  it.each([
    ['<Code>Internal Error! canary</Code>', 'OSS answered 500'],
    ['<Code>InternalError</Code>canary', 'OSS answered 500 InternalError'],
  ])('is reported with the error code of OSS and nothing else of %s', async (body, expected) => {
    const environment = await answering((_request, response) => {
      response.writeHead(500).end(body);
    });
    const problem = await problemOf(() => open({ environment }).read());

    expect(problem.endsWith(expected)).toBe(true);
  });

  it('is read again later without a restart', async () => {
    await operator.put('broker/broker.yaml', Buffer.from('one'));
    let isDown = true;
    const environment = await answering(async (request, response) => {
      if (isDown) return void response.writeHead(503).end();
      const headers = Object.entries(request.headers).flatMap(([name, value]) =>
        typeof value === 'string' && name !== 'connection' ? [[name, value]] : [],
      );
      const answer = await fetch(`${simulator.oss.url}${request.url}`, {
        headers: Object.fromEntries(headers),
      });
      response.writeHead(answer.status, { etag: answer.headers.get('etag') ?? '' });
      response.end(await answer.text());
    });
    const source = open({ environment });
    expect(await problemOf(() => source.readChange())).toContain('503');

    isDown = false;
    expect(await source.readChange()).toMatchObject({ text: 'one' });
    isDown = true;
    expect(await problemOf(() => source.readChange())).toContain('503');
    isDown = false;
    expect(await source.readChange()).toBeUndefined();
  });
});

describe('a path in OSS', () => {
  it('is sent exactly as it is signed, so no client encodes it again', () => {
    const encoded = encodeOssPath("/b/a b+c&d=e!'()*~/é");

    expect(encoded).toBe('/b/a%20b%2Bc%26d%3De%21%27%28%29%2A~/%C3%A9');
    expect(new URL(encoded, 'https://host').pathname).toBe(encoded);
  });
});
