import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reason } from '../../src/refusal.ts';
import { keepCircuitClosed, REFUSAL_CASES, REFUSALS_CONFIG } from '../refusals/cases.ts';
import { throughContainer, throughWebIdentity } from '../support/aws.ts';
import {
  type Answer,
  type AskOptions,
  SIMPLE_CONFIG,
  startTestBroker,
  type TestBroker,
} from '../support/broker.ts';
import {
  makeUrl,
  pathOf,
  TICKET_ENVIRONMENT,
  throughCredentialUrl,
  URLS_ON,
  useUrl,
} from '../support/credential-urls.ts';
import { createAnswerCheck, memberAt, PATHS, SCHEMAS, toObject } from '../support/declared.ts';
import { parametersOf, QUERY, ROLE_ARN, throughSts } from '../support/sts-door.ts';
import { throughTokenExchange } from '../support/token-exchange.ts';
import { asks, MANY_HEADERS } from './native-asks.ts';

const whatIsWrong = createAnswerCheck();
/** Statuses that were seen, as `GET /health 200`, and codes. */
const seen = {
  statuses: new Set<string>(),
  codes: new Set<string>(),
  stsCodes: new Set<string>(),
};
let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({
    config: `${REFUSALS_CONFIG}\ncors: { origins: ["https://app.example.com"] }\n${URLS_ON}`,
    environment: TICKET_ENVIRONMENT,
  });
});

afterAll(async () => {
  await broker.close();
});

/** Compares the answer with the declaration in openapi.yaml. */
async function check(method: string, path: string, answering: Promise<Answer>): Promise<void> {
  const answer = await answering;
  const { status, text } = answer;
  const headers = Object.fromEntries(answer.headers);
  const isDeclared = path in PATHS;
  expect(whatIsWrong(method, isDeclared ? path : undefined, { status, headers, text })).toBe(
    undefined,
  );
  // the answer for undeclared addresses is declared at /health
  seen.statuses.add(`${method} ${isDeclared ? path : '/health'} ${status}`);
  const { code, Code } = answer.body;
  // a code of AWS is in both members
  if (typeof code === 'string' && code !== Code) seen.codes.add(code);
  if (path === '/' && typeof Code === 'string') seen.stsCodes.add(Code);
}

const URLS_PATH = '/v1/credential-urls';
const TICKET_PATH = '/c/{ticket}';
/** A policy stands for targets and permissions of STS, and `Format` for `Accept`. */
const NOT_OF_STS: readonly Reason[] = [
  'route_unknown',
  'not_acceptable',
  'origin_not_allowed',
  'target_malformed',
  'target_outside_grant',
  'permission_outside_grant',
];
const NOTHING_GRANTED = JSON.stringify({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'oss:PutBucketPolicy', Resource: '*' }],
});
const PROVIDER_ARN = 'acs:ram::123456789012:oidc-provider/broker';

describe('openapi.yaml', () => {
  it.each(asks)('declares the answer to %s %s %o', async (method, path, options) => {
    await check(method, path.replace(/\?.*/, ''), broker.ask({ ...options, method, path }));
  });

  it.each(REFUSAL_CASES)('declares the answer for the reason $reason', async (refusal) => {
    const method = refusal.reason === 'method_not_allowed' ? 'PUT' : 'POST';
    const path = refusal.reason === 'route_unknown' ? '/nowhere' : '/v1/credentials';
    await keepCircuitClosed(broker, refusal);
    // an unknown address is declared for GET
    await check(path === '/nowhere' ? 'GET' : method, path, refusal.ask(broker));
  });

  it.each(REFUSAL_CASES.filter(({ reason }) => reason !== 'route_unknown'))(
    'declares the answer of the token exchange for the reason $reason',
    async (refusal) => {
      const methods: Partial<Record<Reason, string>> = {
        method_not_allowed: 'PUT',
        origin_not_allowed: 'OPTIONS',
      };
      await keepCircuitClosed(broker, refusal);
      const answer = refusal.ask(throughTokenExchange(broker));
      await check(methods[refusal.reason] ?? 'POST', '/oauth/token', answer);
    },
  );

  it.each(REFUSAL_CASES.filter(({ reason }) => reason !== 'route_unknown'))(
    'declares the answer of a credential URL for the reason $reason',
    async (refusal) => {
      const methods: Partial<Record<Reason, string>> = {
        method_not_allowed: 'PUT',
        origin_not_allowed: 'OPTIONS',
      };
      const asksSts = refusal.stsCalls !== undefined;
      await keepCircuitClosed(broker, refusal);
      const answer = await refusal.ask(throughCredentialUrl(broker));
      expect([answer.status, answer.body['code']]).toEqual([refusal.status, refusal.code]);
      expect(broker.auditLines().at(-1)).toMatchObject({
        surface: 'credential_urls',
        reason: refusal.reason,
      });
      await check(
        asksSts ? 'GET' : (methods[refusal.reason] ?? 'POST'),
        asksSts ? TICKET_PATH : URLS_PATH,
        Promise.resolve(answer),
      );
    },
  );

  it('declares the other answers of credential URLs', async () => {
    const claims = { plan: 'basic', sub: 'url' };
    const makeOne = async (body: object = {}) => makeUrl(broker, { claims, body });
    await check('POST', URLS_PATH, makeOne({ Uses: 2, LifeSeconds: 60 }));
    await check(
      'POST',
      URLS_PATH,
      makeUrl(broker, {
        claims,
        body: { BindAddress: true },
        headers: { 'X-Forwarded-For': '203.0.113.7' },
      }),
    );
    const audiences = ['oss-token-broker', 'x'.repeat(3000)];
    await check('POST', URLS_PATH, makeUrl(broker, { claims: { ...claims, aud: audiences } }));
    await check('OPTIONS', URLS_PATH, broker.ask({ method: 'OPTIONS', path: URLS_PATH }));
    for (const method of ['OPTIONS', 'PUT']) {
      const headers = MANY_HEADERS;
      await check(method, URLS_PATH, broker.ask({ method, path: URLS_PATH, headers }));
    }

    const path = pathOf(await makeOne({ For: 'mobile-sdk', Uses: 1 }));
    for (const _ of ['granted', 'refused in the form of the SDKs']) {
      await check('GET', TICKET_PATH, useUrl(broker, path));
    }
    const strict = { plan: 'strict', exp: Math.floor(Date.now() / 1000) + 3000 };
    const dying = await makeUrl(broker, { claims: strict, body: { LifeSeconds: 60 } });
    await check('GET', TICKET_PATH, useUrl(broker, pathOf(dying)));
    await check('GET', TICKET_PATH, useUrl(broker, '/c/x'));
    const open = pathOf(await makeOne());
    await check('GET', TICKET_PATH, useUrl(broker, `${open}?Grant=x`));
    await check('GET', TICKET_PATH, useUrl(broker, open, { Accept: 'image/png' }));
    await check('GET', TICKET_PATH, useUrl(broker, open, MANY_HEADERS));
    for (const method of ['HEAD', 'POST', 'DELETE']) {
      await check(method, TICKET_PATH, broker.ask({ method, path: open, token: null }));
    }
    for (const method of ['HEAD', 'POST']) {
      const headers = MANY_HEADERS;
      await check(method, TICKET_PATH, broker.ask({ method, path: open, token: null, headers }));
    }
    const short = pathOf(await makeOne({ LifeSeconds: 1, Uses: 1 }));
    const once = pathOf(await makeOne({ Uses: 1 }));
    await useUrl(broker, once);
    await check('GET', TICKET_PATH, useUrl(broker, once));
    broker.clock.offsetMs = 2000;
    await check('GET', TICKET_PATH, useUrl(broker, short));
    broker.clock.offsetMs = 0;
  });

  it('declares the other answers of the token exchange', async () => {
    const door = throughTokenExchange(broker);
    const path = '/oauth/token';
    await check('POST', path, door.ask({ claims: { plan: 'basic' } }));
    await check('POST', path, door.ask({ claims: { plan: 'both', groups: ['a'] } }));
    await check('POST', path, door.ask({ body: 'x'.repeat(16_385) }));
    await check('POST', path, door.ask({ headers: { 'Content-Type': 'application/json' } }));
    await check('GET', path, door.ask({ method: 'GET' }));
    await check('DELETE', path, door.ask({ method: 'DELETE' }));
    await check('OPTIONS', path, door.ask({ method: 'OPTIONS' }));
    for (const method of ['OPTIONS', 'PUT']) {
      await check(method, path, door.ask({ method, headers: MANY_HEADERS }));
    }
  });

  it.each(
    REFUSAL_CASES.filter(
      ({ reason }) => reason !== 'route_unknown' && reason !== 'origin_not_allowed',
    ),
  )('declares the answers in the forms of AWS for the reason $reason', async (refusal) => {
    const isMethod = refusal.reason === 'method_not_allowed';
    await keepCircuitClosed(broker, refusal);
    await check(isMethod ? 'PUT' : 'POST', '/', refusal.ask(throughWebIdentity(broker)));
    await keepCircuitClosed(broker, refusal);
    const answer = refusal.ask(throughContainer(broker));
    await check(isMethod ? 'PUT' : 'GET', '/v1/aws-credentials', answer);
  });

  it('declares the other answers in the forms of AWS', async () => {
    const xml = throughWebIdentity(broker);
    const json = throughContainer(broker);
    await check('POST', '/', xml.ask({ claims: { plan: 'basic' } }));
    await check('POST', '/', xml.ask({ body: 'x'.repeat(16_385) }));
    await check('POST', '/', xml.ask({ headers: { 'Content-Type': 'application/json' } }));
    await check('GET', '/v1/aws-credentials', json.ask({ claims: { plan: 'basic' } }));
    for (const [path, door] of [
      ['/', xml],
      ['/v1/aws-credentials', json],
    ] as const) {
      for (const method of ['HEAD', 'OPTIONS', 'DELETE']) {
        await check(method, path, door.ask({ method }));
      }
      await check('PUT', path, door.ask({ method: 'PUT', headers: MANY_HEADERS }));
    }
  });

  it.each(REFUSAL_CASES.filter(({ reason }) => !NOT_OF_STS.includes(reason)))(
    'declares the answer of the API of STS for the reason $reason',
    async (refusal) => {
      const isOfOtherRole = refusal.why?.['stsCode'] === 'NoPermission';
      const role = isOfOtherRole ? ROLE_ARN.replace('oss-uploader', 'no-such-role') : ROLE_ARN;
      await keepCircuitClosed(broker, refusal);
      const method = refusal.reason === 'method_not_allowed' ? 'PUT' : 'POST';
      await check(method, '/', refusal.ask(throughSts(broker, role)));
    },
  );

  it('declares the other answers of the API of STS', async () => {
    const door = throughSts(broker);
    const basic = { claims: { plan: 'basic' } };
    const xml = `/?${QUERY.replace('&Format=JSON', '')}`;
    const ask = (method: string, options: AskOptions) =>
      check(method, '/', door.ask({ ...options, method }));
    await ask('POST', basic);
    await ask('POST', { ...basic, path: xml });
    await ask('POST', { token: 'a.b.c', path: xml });
    await ask('POST', { claims: { plan: 'both', groups: ['a'] } });
    await ask('POST', { body: 'x'.repeat(16_385) });
    await ask('POST', { headers: { 'Content-Type': 'application/json' } });
    for (const method of ['GET', 'POST']) {
      await ask(method, { path: `/?${QUERY.replace('AssumeRoleWithOIDC', 'AssumeRole')}` });
      await ask(method, {
        path: `/?${QUERY.replace('2015', '2016').replace('Version', 'version')}`,
      });
    }
    await ask('GET', basic);
    await ask('GET', { claims: { plan: 'none' } });
    await ask('GET', { token: 'a.b.c' });
    await ask('HEAD', basic);
    await ask('DELETE', basic);
    for (const method of ['GET', 'PUT']) await ask(method, { headers: MANY_HEADERS });
    broker.simulator.sts.faults.once({ kind: 'clockSkew' });
    await ask('GET', { claims: { plan: 'basic', sub: 'sts-1' } });
    broker.simulator.sts.faults.once({ kind: 'throttling' });
    await ask('GET', { claims: { plan: 'basic', sub: 'sts-2' } });
  });

  it('declares the answers of the API of STS to wrong parameters', async () => {
    const strict = await startTestBroker({
      config: `${SIMPLE_CONFIG}surfaces: { sts: { oidcProviderArn: "${PROVIDER_ARN}" } }\n`,
    });
    const token = await strict.issuer.token();
    for (const [name, value] of [
      ['RoleArn', undefined],
      ['RoleArn', 'x'],
      ['RoleSessionName', undefined],
      ['RoleSessionName', 'x'],
      ['OIDCProviderArn', undefined],
      ['OIDCProviderArn', 'x'],
      ['DurationSeconds', 'x'],
      ['Policy', 'x'],
      ['Policy', 'x'.repeat(2048)],
      ['Policy', NOTHING_GRANTED],
    ] as const) {
      const parameters = parametersOf(token, { OIDCProviderArn: PROVIDER_ARN });
      if (value === undefined) parameters.delete(name);
      else parameters.set(name, value);
      await check('POST', '/', throughSts(strict).ask({ body: parameters.toString() }));
    }
    const twice = parametersOf(token);
    twice.append('OIDCToken', token);
    await check('POST', '/', throughSts(strict).ask({ body: twice.toString() }));
    await strict.close();
  });

  it('declares the answer at the address of a surface that is off', async () => {
    const off = await startTestBroker();
    await check('POST', '/', throughSts(off).ask());
    await check('POST', '/oauth/token', throughTokenExchange(off).ask());
    await check('POST', '/', throughWebIdentity(off).ask());
    await check('GET', '/v1/aws-credentials', throughContainer(off).ask());
    await off.close();
  });

  it('declares the answers of GET to STS failures', async () => {
    for (const [fault, sub] of [
      ['clockSkew', 'g1'],
      ['throttling', 'g2'],
    ] as const) {
      broker.simulator.sts.faults.once({ kind: fault });
      await check(
        'GET',
        '/v1/credentials',
        broker.ask({ method: 'GET', claims: { plan: 'basic', sub } }),
      );
    }
  });

  it('declares the answers of limits', async () => {
    const limited = await startTestBroker({
      config: SIMPLE_CONFIG.replace('    types:', '    oneTimeTokens: true\n    types:').concat(
        `limits: { subject: { requests: 2, window: 24h } }\n${URLS_ON}`,
      ),
      environment: TICKET_ENVIRONMENT,
    });
    for (const method of ['GET', 'POST', 'POST', 'GET']) {
      await check(
        method,
        '/v1/credentials',
        limited.ask({ method, claims: { jti: method === 'GET' ? 'once' : 'twice' } }),
      );
    }
    await check('POST', '/oauth/token', throughTokenExchange(limited).ask());
    await check('POST', '/', throughWebIdentity(limited).ask());
    await check('GET', '/v1/aws-credentials', throughContainer(limited).ask());
    await check('POST', URLS_PATH, makeUrl(limited, { claims: { jti: 'thrice' } }));
    const claims = { sub: 'user-3', jti: 'url' };
    const path = pathOf(await makeUrl(limited, { claims }));
    for (const _ of ['granted', 'limited']) await check('GET', TICKET_PATH, useUrl(limited, path));
    await check('POST', '/', throughSts(limited).ask());
    await check('GET', '/', throughSts(limited).ask({ method: 'GET' }));
    const token = await limited.issuer.token({ sub: 'user-2', jti: 'once more' });
    for (const method of ['POST', 'POST']) {
      await check(method, '/v1/credentials', limited.ask({ method, token }));
    }
    await limited.close();
  });

  it('declares the answer while the replay check is unavailable', async () => {
    const lost = await startTestBroker({
      config: SIMPLE_CONFIG.replace('    types:', '    oneTimeTokens: true\n    types:').concat(
        'store: { redisUrlFrom: REDIS_URL }',
      ),
      environment: { REDIS_URL: 'redis://127.0.0.1:1' },
    });
    await check('POST', '/v1/credentials', lost.ask({ claims: { jti: 'once' } }));
    await lost.close();
  });

  it('declares no status that the broker cannot give', () => {
    const declared = Object.entries(PATHS).flatMap(([path, operations]) =>
      Object.entries(toObject(operations)).flatMap(([method, operation]) =>
        Object.keys(toObject(memberAt(operation, ['responses']))).map(
          (status) => `${method.toUpperCase()} ${path} ${status}`,
        ),
      ),
    );
    // other tests cover defects, a broken log and broken source credentials
    const elsewhere = [
      'POST /v1/credentials 500',
      'GET /v1/credentials 500',
      'POST /oauth/token 500',
      `POST ${URLS_PATH} 500`,
      `GET ${TICKET_PATH} 500`,
      'POST / 500',
      'GET / 500',
      'GET /ready 503',
      'GET /ready 404',
    ];

    expect(declared.filter((one) => !seen.statuses.has(one) && !elsewhere.includes(one))).toEqual(
      [],
    );
  });

  it('declares no code of STS that the broker cannot give', () => {
    const codes = memberAt(SCHEMAS, ['StsError', 'properties', 'Code', 'enum']);
    const declared = Array.isArray(codes) ? codes.map(String) : [];

    expect(declared.filter((code) => !seen.stsCodes.has(code))).toEqual([]);
  });

  it('declares no code that the broker cannot give', () => {
    const codes = memberAt(SCHEMAS, ['Problem', 'properties', 'code', 'enum']);
    const declared = Array.isArray(codes) ? codes.map(String) : [];

    expect(declared.filter((code) => !seen.codes.has(code)).sort()).toEqual([
      'audit_unavailable',
      'internal_error',
    ]);
  });
});
