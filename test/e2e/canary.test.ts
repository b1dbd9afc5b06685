import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStaticCredentials } from '../../simulator/static-credentials.ts';
import { keepCircuitClosed, REFUSAL_CASES, REFUSALS_CONFIG } from '../refusals/cases.ts';
import { throughContainer, throughWebIdentity, webIdentityForm } from '../support/aws.ts';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import {
  makeUrl,
  pathOf,
  TICKET_ENVIRONMENT,
  throughCredentialUrl,
  URLS_ON,
  useUrl,
} from '../support/credential-urls.ts';
import { parametersOf, QUERY, throughSts } from '../support/sts-door.ts';
import { formOf, throughTokenExchange } from '../support/token-exchange.ts';

/** The same broker, asked with the token in the query of a GET. Methods without a meaning there are not used. */
function stsByQuery(broker: TestBroker): TestBroker {
  const door = throughSts(broker);
  return {
    ...broker,
    ask: ({ body, ...options } = {}) =>
      door.ask({ ...options, method: 'GET', ...(typeof body === 'object' ? { body } : {}) }),
  };
}

/** Marked secrets that the broker holds or receives. */
const SOURCE = {
  accessKeyId: 'STS.canaryKeyId',
  accessKeySecret: 'canary-source-secret',
  securityToken: 'canary-source-token',
};
const PLATFORM_HEADERS = {
  'x-fc-access-key-id': 'STS.canaryPlatformId',
  'x-fc-access-key-secret': 'canary-platform-secret',
  'x-fc-security-token': 'canary-platform-token',
  Cookie: 'session=canary-cookie',
};

describe('a secret', () => {
  let broker: TestBroker;
  const stderr = vi.spyOn(process.stderr, 'write');
  const stdout = vi.spyOn(process.stdout, 'write');
  const consoleError = vi.spyOn(console, 'error');

  beforeAll(async () => {
    broker = await startTestBroker({
      config: `${REFUSALS_CONFIG}\n${URLS_ON}`,
      environment: TICKET_ENVIRONMENT,
      isOnFunctionCompute: true,
      sourceCredentials: createStaticCredentials(SOURCE),
    });
    const [user] = broker.simulator.cloud.identities.values();
    if (user !== undefined)
      broker.simulator.cloud.identities.set(SOURCE.accessKeyId, { ...user, ...SOURCE });
  });

  afterAll(async () => {
    await broker.close();
    vi.restoreAllMocks();
  });

  /** Everything that the broker wrote: audit log, answers, standard output and standard error. */
  function everythingWritten(answers: readonly string[]): string {
    const printed = [...stderr.mock.calls, ...stdout.mock.calls, ...consoleError.mock.calls];
    return [broker.log.text, ...answers, ...printed.map(([text]) => String(text))].join('\n');
  }

  it('is in no answer, log line or output of any refusal', async () => {
    const tokens = new Set<string>();
    const sent = vi.spyOn(globalThis, 'fetch');
    const answers: string[] = [];
    for (const refusal of REFUSAL_CASES) {
      const asking: TestBroker = {
        ...broker,
        ask: (options = {}) =>
          broker.ask({ ...options, headers: { ...PLATFORM_HEADERS, ...options.headers } }),
      };
      // one call of STS is like another, and some take a second
      const byQuery = refusal.stsCalls === undefined ? [stsByQuery(asking)] : [];
      const doors = [
        asking,
        throughTokenExchange(asking),
        throughSts(asking),
        throughWebIdentity(asking),
        throughContainer(asking),
        throughCredentialUrl(asking),
        ...byQuery,
      ];
      for (const door of doors) {
        await keepCircuitClosed(broker, refusal);
        const { text, headers } = await refusal.ask(door);
        answers.push(text, JSON.stringify([...headers]));
      }
    }
    for (const [url, init] of sent.mock.calls) {
      const authorization = new Headers(init?.headers).get('authorization');
      const form = new URLSearchParams(typeof init?.body === 'string' ? init.body : '');
      const query = new URL(String(url)).searchParams;
      const token =
        authorization?.replace('Bearer ', '') ??
        form.get('subject_token') ??
        form.get('WebIdentityToken') ??
        form.get('OIDCToken') ??
        query.get('OIDCToken');
      if (token !== null) tokens.add(token);
    }
    sent.mockRestore();
    const written = everythingWritten(answers);

    for (const mark of ['canary', 'Statement', 'Policy=', 'x-acs-'])
      expect(written).not.toContain(mark);
    expect(tokens.size).toBeGreaterThan(60);
    for (const token of tokens) {
      const [, , signature] = token.split('.');
      expect(written).not.toContain(token);
      if (signature !== undefined && signature.length > 20)
        expect(written).not.toContain(signature);
    }
  }, 120_000);

  it('is in no log line of a request that has it in a wrong place', async () => {
    const token = await broker.issuer.token({ plan: 'basic', sub: 'misplaced' });
    const { status, body } = await broker.ask({ token });
    const secrets = [token, String(body['AccessKeySecret']), String(body['SecurityToken'])];
    const answers: string[] = [];
    for (const secret of secrets) {
      for (const asked of [
        { Grant: secret },
        { Target: secret },
        { Target: `oss://app-media/${secret}` },
        { Permissions: [secret] },
        { DurationSeconds: secret },
        { [secret]: secret },
      ]) {
        const query = new URLSearchParams(
          Object.entries(asked).map(([name, value]): [string, string] => [name, String(value)]),
        );
        answers.push(
          (await broker.ask({ body: asked })).text,
          (await broker.ask({ method: 'GET', path: `/v1/credentials?${query}` })).text,
          (await throughTokenExchange(broker).ask({ body: asked })).text,
          (await throughWebIdentity(broker).ask({ body: asked })).text,
          (await throughContainer(broker).ask({ body: asked })).text,
          (await throughSts(broker).ask({ body: asked })).text,
          (await stsByQuery(broker).ask({ body: asked })).text,
        );
      }
      for (const name of [
        'grant_type',
        'audience',
        'subject_token_type',
        'actor_token',
        'client_id',
      ]) {
        const form = formOf(token);
        form.set(name, secret);
        form.set('scope', 'admin');
        answers.push((await throughTokenExchange(broker).ask({ body: form.toString() })).text);
      }
      for (const name of ['Action', 'RoleArn', 'RoleSessionName', 'Policy', 'ProviderId']) {
        const form = webIdentityForm(token);
        form.set(name, secret);
        form.set('DurationSeconds', 'x');
        const door = throughWebIdentity(broker);
        answers.push(
          (await throughContainer(broker).ask({ token: `x,${secret}`, body: { [name]: secret } }))
            .text,
          (await door.ask({ body: form.toString() })).text,
          (await door.ask({ path: `/?Version=2011-06-15&${name}=${secret}` })).text,
          (await door.ask({ method: 'GET', path: `/?${form}` })).text,
          (await door.ask({ headers: { Authorization: secret } })).text,
        );
      }
      for (const name of [
        'Action',
        'Version',
        'Format',
        'RoleArn',
        'RoleSessionName',
        'OIDCProviderArn',
        'DurationSeconds',
        'Policy',
        'SignatureNonce',
        'Signature',
      ]) {
        const parameters = new URLSearchParams([
          ...new URLSearchParams(QUERY),
          ...parametersOf(token),
        ]);
        parameters.set(name, secret);
        const path = `/?${parameters}`;
        // what means nothing on this surface may hold anything, and the credential is in the answer
        const byQuery = await broker.ask({ token: null, method: 'GET', path });
        if (byQuery.status !== 200) answers.push(byQuery.text);
        parameters.append('OIDCToken', secret);
        // the second is one to AWS
        for (const to of [`/?${QUERY}`, '/']) {
          answers.push((await throughSts(broker).ask({ path: to, body: `${parameters}` })).text);
        }
      }
    }
    const written = everythingWritten(answers);

    expect(status).toBe(200);
    expect(broker.auditLines().at(-1)).toMatchObject({ reason: 'request_malformed' });
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThanOrEqual(30);
      for (const part of secret.match(/.{16}/g) ?? []) expect(written).not.toContain(part);
    }
  });

  it('is in no log line of a credential URL, used, refused, or in a wrong place', async () => {
    const token = await broker.issuer.token({ plan: 'basic', sub: 'ticketed' });
    const made = await makeUrl(broker, { token, body: { Uses: 1 } });
    const path = pathOf(made);
    const ticket = path.slice('/c/'.length);
    const answers = [
      await useUrl(broker, path),
      await useUrl(broker, path),
      await useUrl(broker, `${path}?Grant=${ticket}`),
      await useUrl(broker, `${path.slice(0, -4)}AAAA`),
      await useUrl(broker, `/c/x/${ticket}`),
      await broker.ask({ token: ticket }),
      await broker.ask({ token, body: { Target: String(made.body['Url']), Grant: ticket } }),
      await broker.ask({ token, body: { [ticket]: ticket } }),
      await makeUrl(broker, { token, body: { For: ticket } }),
      await broker.ask({ method: 'POST', path, token: null }),
      await broker.ask({ method: 'OPTIONS', path, token: null, headers: { Origin: ticket } }),
    ];
    const written = everythingWritten(
      answers.flatMap(({ text, headers }) => [text, JSON.stringify([...headers])]),
    );

    expect(answers[0]?.status).toBe(200);
    expect(answers.slice(1).every(({ status }) => status >= 400)).toBe(true);
    expect(written).toContain(String(made.body['TicketId']));
    for (const secret of [
      token,
      ...Object.values(TICKET_ENVIRONMENT),
      ...ticket.split('.').slice(2),
    ]) {
      for (const part of secret.match(/.{16}/g) ?? []) expect(written).not.toContain(part);
    }
  });

  it('is in no log line of a grant, and the issued credential is only in the answer', async () => {
    const { status, body } = await broker.ask({ claims: { plan: 'basic', sub: 'granted' } });
    const written = everythingWritten([]);
    const call = broker.simulator.sts.calls.at(-1);

    expect(status).toBe(200);
    expect(written).toContain(String(body['AccessKeyId']));
    expect(written).not.toContain(String(body['AccessKeySecret']));
    expect(written).not.toContain(String(body['SecurityToken']).slice(0, 40));
    expect(written).not.toContain(call?.params['Policy']);
    expect(written).not.toContain('canary');
  });
});
