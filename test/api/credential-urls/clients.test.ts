/** Clients that can only GET a URL: a real one, and the rules of those that cannot run here. */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { createCli } from '../../support/cli.ts';
import {
  makeUrl,
  pathOf,
  TICKET_ENVIRONMENT,
  URLS_ON,
  useUrl,
} from '../../support/credential-urls.ts';
import { createOssClient, ossRefusal } from '../../support/oss-client.ts';

const { default: Credential, Config } = createRequire(import.meta.url)('@alicloud/credentials');

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({
    config: `${SIMPLE_CONFIG}${URLS_ON}`,
    environment: TICKET_ENVIRONMENT,
  });
});

afterAll(async () => {
  await broker.close();
});

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

function clientOf(url: unknown) {
  return new Credential(new Config({ type: 'credentials_uri', credentialsURI: String(url) }));
}

const uses = () =>
  broker.auditLines().filter(({ accessKeyId }) => accessKeyId !== undefined).length;

describe('@alicloud/credentials with a credential URL as its credentials_uri', () => {
  it('gets a credential that uploads below its prefix only', async () => {
    const made = await makeUrl(broker, { claims: { sub: 'sdk', exp: inAnHour() } });
    const credential = await clientOf(made.body['Url']).getCredential();
    const { accessKeyId, accessKeySecret, securityToken } = credential;
    const oss = createOssClient(broker.simulator.oss.url, {
      AccessKeyId: accessKeyId,
      AccessKeySecret: accessKeySecret,
      SecurityToken: securityToken,
    });
    await oss.put('users/sdk/a.txt', Buffer.from('a'));

    expect(String((await oss.get('users/sdk/a.txt')).content)).toBe('a');
    expect(await ossRefusal(oss.put('users/other/a.txt', Buffer.from('a')))).toBe('AccessDenied');
  });

  // it counts a credential as stale 15 minutes before its end
  it.each([
    [900, 3],
    [1800, 1],
  ])('with credentials of %i seconds asks %i times for three requests', async (seconds, asked) => {
    const made = await makeUrl(broker, {
      claims: { sub: `sdk-${seconds}`, exp: inAnHour() },
      body: { DurationSeconds: seconds },
    });
    const client = clientOf(made.body['Url']);
    const before = uses();
    for (let request = 0; request < 3; request++) await client.getCredential();

    expect(uses() - before).toBe(asked);
  });

  it('reports a refusal with the code of the broker', async () => {
    const made = await makeUrl(broker, { claims: { sub: 'spent' }, body: { Uses: 1 } });
    await useUrl(broker, pathOf(made));

    await expect(clientOf(made.body['Url']).getCredential()).rejects.toThrow(
      'credential_url_used_up',
    );
  });
});

describe('the command line', () => {
  it('prints a credential URL that works', async () => {
    const cli = await createCli();
    const { code, stdout } = await cli.run(['url', '--token-env', 'T', '--uses', '1'], {
      environment: {
        OSS_TOKEN_BROKER_URL: broker.url,
        T: await broker.issuer.token({ sub: 'cli' }),
      },
    });
    const statuses = [await fetch(stdout.trim()), await fetch(stdout.trim())];
    await cli.close();

    expect(code).toBe(0);
    expect(statuses.map(({ status }) => status)).toEqual([200, 401]);
  });
});

/** What each client asks of an answer. `granted`: it takes the credential. Else it reports `ErrorCode`. */
interface Rules {
  readonly client: string;
  /** HTTP statuses of which it reads the body. */
  readonly reads: (status: number) => boolean;
  /** What a credential must have, as its parser sees it. */
  readonly fields: Readonly<Record<string, RegExp>>;
  readonly fieldsOfRefusal?: Readonly<Record<string, RegExp>>;
}

const KEYS = { AccessKeyId: /^"STS\./, AccessKeySecret: /^".+"$/, SecurityToken: /^".+"$/ };
const SECONDS = /^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"$/;
const REFUSAL = { StatusCode: /^[45]\d\d$/, ErrorCode: /^"[a-z_]+"$/, ErrorMessage: /^".+"$/ };

const CLIENTS: readonly Rules[] = [
  {
    client: 'Android OSSAuthCredentialsProvider',
    reads: (status) => status < 400,
    fields: { ...KEYS, StatusCode: /^200$/, Expiration: SECONDS },
    fieldsOfRefusal: REFUSAL,
  },
  {
    client: 'iOS OSSAuthCredentialProvider',
    reads: () => true,
    // a fraction of a second makes the date nil, and then every request asks again
    fields: { ...KEYS, StatusCode: /^200$/, Expiration: SECONDS },
    fieldsOfRefusal: REFUSAL,
  },
  {
    client: 'credentials-java URLCredentialProvider',
    reads: (status) => status >= 200 && status < 300,
    fields: { ...KEYS, Code: /^"Success"$/, Expiration: SECONDS },
  },
  {
    client: 'credentials-python uri',
    reads: (status) => status === 200,
    fields: { ...KEYS, Code: /^"Success"$/, Expiration: SECONDS },
  },
  {
    client: 'credentials-go uri',
    reads: (status) => status === 200,
    fields: { ...KEYS, Expiration: SECONDS },
  },
  {
    client: 'aliyun CredentialsURI',
    reads: (status) => status === 200,
    fields: { ...KEYS, Code: /^"Success"$/ },
  },
];

function fits(body: object, fields: Readonly<Record<string, RegExp>>): readonly string[] {
  return Object.entries(fields)
    .filter(([name, form]) => !form.test(JSON.stringify(Reflect.get(body, name)) ?? ''))
    .map(([name]) => name);
}

describe('a client that cannot run here', () => {
  it.each(CLIENTS)('$client takes the credential, and no refusal for one', async (rules) => {
    const isMobile = rules.fieldsOfRefusal !== undefined;
    const made = await makeUrl(broker, {
      claims: { sub: `rules-${CLIENTS.indexOf(rules)}` },
      body: { Uses: 1, ...(isMobile ? { For: 'mobile-sdk' } : {}) },
    });
    const granted = await useUrl(broker, pathOf(made));
    const refused = await useUrl(broker, pathOf(made));

    expect(rules.reads(granted.status)).toBe(true);
    expect(fits(granted.body, rules.fields)).toEqual([]);
    if (rules.reads(refused.status)) {
      expect(fits(refused.body, rules.fields)).toContain('StatusCode');
      expect(fits(refused.body, rules.fieldsOfRefusal ?? {})).toEqual([]);
    }
    expect(rules.reads(refused.status)).toBe(isMobile);
  });
});
