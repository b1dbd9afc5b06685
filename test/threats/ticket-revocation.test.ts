/** A credential URL gives nothing once the config or the keys of the issuer say so. */
import { describe, expect, it } from 'vitest';
import type { TestBroker } from '../support/broker.ts';
import { makeUrl, pathOf, useUrl } from '../support/credential-urls.ts';
import { generateSigningKey } from '../support/keys.ts';
import {
  BODY,
  type ChangeConfig,
  denied,
  replace,
  secondsAgo,
  ticketBrokerOfFile,
  withChange,
} from '../support/ticket-brokers.ts';

const tickets = ticketBrokerOfFile();

describe('threat 47: a credential URL that leaks', () => {
  it.each<[string, ChangeConfig, string]>([
    ['its subject is denied', denied('subjects: ["42"]'), 'subject_denied'],
    ['its token is denied', denied('tokenIds: [j-1]'), 'token_denied'],
    [
      'its tokens are revoked',
      replace('    types:', '    tokensValidAfter: 2099-01-01T00:00:00Z\n    types:'),
      'token_revoked',
    ],
    [
      'its grant is disabled',
      replace('  - name: user-files', '  - name: user-files\n    disabled: true'),
      'grant_disabled',
    ],
    [
      "its grant's tokens are revoked",
      replace(
        '  - name: user-files',
        '  - name: user-files\n    tokensValidAfter: 2099-01-01T00:00:00Z',
      ),
      'token_revoked',
    ],
    ['its grant is gone', replace('- name: user-files', '- name: other'), 'grant_not_available'],
    [
      'its grant is in report mode',
      replace('  - name: user-files', '  - name: user-files\n    mode: report'),
      'grant_not_available',
    ],
    [
      'its grant asks for another plan',
      replace(
        '  - name: user-files',
        '  - name: user-files\n    when: [{ claim: plan, equals: team }]',
      ),
      'grant_not_available',
    ],
    [
      'its grant excludes a claim that nobody read when it was made',
      replace(
        '  - name: user-files',
        '  - name: user-files\n    when: [{ claim: suspended, exists: false }]',
      ),
      'ticket_invalid',
    ],
    [
      'its grant allows less',
      replace('permissions: [read, write, list, delete]', 'permissions: [read]'),
      'ticket_invalid',
    ],
    [
      'its grant allows more',
      replace('oss://app-media/users/{user}/', 'oss://app-media/'),
      'ticket_invalid',
    ],
    ['its role is another', replace('role/oss-uploader', 'role/oss-other'), 'ticket_invalid'],
    [
      'its grant no longer denies public objects',
      replace('    duration: {', '    publicAcl: allow\n    duration: {'),
      'ticket_invalid',
    ],
    [
      'its grant demands HTTPS',
      replace('restrict: { https: false }', 'restrict: { https: true }'),
      'ticket_invalid',
    ],
    [
      'its role has an external ID',
      replace('role/oss-uploader\n', 'role/oss-uploader\n    externalId: x1\n'),
      'ticket_invalid',
    ],
    [
      'its issuer is gone',
      replace('issuer: "{{issuer}}"', 'issuer: https://other.example.com'),
      'issuer_untrusted',
    ],
    ['its audience is another', replace('[oss-token-broker]', '[other]'), 'audience_mismatch'],
    [
      'its type is not accepted',
      replace('types: [jwt, at+jwt]', 'types: [at+jwt]'),
      'token_type_not_allowed',
    ],
    [
      'its algorithm is not accepted',
      replace('    types:', '    algorithms: [RS256]\n    types:'),
      'algorithm_not_allowed',
    ],
    [
      'tokens may be only so old',
      replace('    types:', '    maxTokenAge: 1s\n    clockTolerance: 1s\n    types:'),
      'token_too_old',
    ],
    [
      'the key of the ticket is another',
      replace('TICKET_KEY_K1', 'TICKET_KEY_K2'),
      'ticket_invalid',
    ],
    ['the key of the ticket is gone', replace('id: k1', 'id: k9'), 'ticket_invalid'],
  ])('gives nothing once %s', async (_what, change, reason) => {
    const path = pathOf(
      await makeUrl(tickets.broker, { ...BODY, claims: { ...BODY.claims, iat: secondsAgo(5) } }),
    );
    const control = await useUrl(tickets.broker, path);
    const [used, line, calls] = await withChange(tickets.broker, change, async (changed) => [
      await useUrl(changed, path),
      changed.auditLines().at(-1),
      changed.stsCalls(),
    ]);

    expect(control.status).toBe(200);
    expect(used.status).toBeGreaterThanOrEqual(400);
    expect(line).toMatchObject({ decision: 'refused', reason });
    expect(calls).toBe(0);
  });

  it('gives nothing once it is denied by its id, which denies no other', async () => {
    const [one, two] = [await makeUrl(tickets.broker, BODY), await makeUrl(tickets.broker, BODY)];
    const statuses = await withChange(
      tickets.broker,
      replace('{ keys:', `{ deny: { ticketIds: [${one.body['TicketId']}] }, keys:`),
      async (changed) => [
        (await useUrl(changed, pathOf(one))).status,
        (await useUrl(changed, pathOf(two))).status,
      ],
    );

    expect(statuses).toEqual([401, 200]);
  });

  it('gives nothing once URLs may live only so long', async () => {
    const path = pathOf(await makeUrl(tickets.broker, BODY));
    const used = await withChange(
      tickets.broker,
      replace('{ keys:', '{ maxLife: 1m, keys:'),
      async (changed) => {
        const inTime = await useUrl(changed, path);
        changed.clock.offsetMs = 61_000;
        return [inTime.status, (await useUrl(changed, path)).body['code']];
      },
    );

    expect(used).toEqual([200, 'credential_url_expired']);
  });

  it('beyond its token gives nothing once URLs end with their tokens', async () => {
    const beyond = replace('{ keys:', '{ beyondToken: true, keys:');
    const claims = { sub: 'beyond', exp: secondsAgo(-60) };
    const path = await withChange(tickets.broker, beyond, async (changed) =>
      pathOf(await makeUrl(changed, { claims })),
    );
    const inTime = await useUrl(tickets.broker, path);
    tickets.broker.clock.offsetMs = 70_000;
    const late = await useUrl(tickets.broker, path);
    tickets.broker.clock.offsetMs = 0;

    expect(inTime.status).toBe(200);
    expect(late.body['code']).toBe('credential_url_expired');
  });

  it('gives nothing once its issuer has another key, even with the same name', async () => {
    const inline = (key: { readonly publicJwk: object }) => (config: string) =>
      config.replace(
        '    types:',
        `    jwks: { keys: [${JSON.stringify(key.publicJwk)}] }\n    types:`,
      );
    const [key] = tickets.broker.issuer.keys();
    const path = pathOf(await makeUrl(tickets.broker, BODY));
    const use = (changed: TestBroker) => useUrl(changed, path);
    const same = await withChange(tickets.broker, inline(key), use);
    const reused = await withChange(
      tickets.broker,
      inline(generateSigningKey('ES256', key.keyId)),
      use,
    );
    const other = await withChange(
      tickets.broker,
      inline(generateSigningKey('ES256', 'other')),
      use,
    );

    expect([same.status, reused.status, other.status]).toEqual([200, 401, 401]);
  });

  it('is held to the key that its token named, among others of the issuer', async () => {
    const [key] = tickets.broker.issuer.keys();
    const keys = [key, generateSigningKey('ES256', 'second')].map(({ publicJwk }) => publicJwk);
    const two = replace('    types:', `    jwks: ${JSON.stringify({ keys })}\n    types:`);
    const path = pathOf(await makeUrl(tickets.broker, BODY));
    const used = await withChange(tickets.broker, two, (changed) => useUrl(changed, path));

    expect(used.status).toBe(200);
  });

  it('is held to the type of its token', async () => {
    const token = await tickets.broker.issuer.token({ sub: '42' }, { header: { typ: 'at+jwt' } });
    const path = pathOf(await makeUrl(tickets.broker, { token }));
    const withTypes = (types: string) =>
      withChange(tickets.broker, replace('types: [jwt, at+jwt]', `types: [${types}]`), (changed) =>
        useUrl(changed, path),
      );

    expect((await withTypes('at+jwt')).status).toBe(200);
    expect((await withTypes('jwt')).status).toBe(401);
  });
});
