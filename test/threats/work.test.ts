import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RenderSessionPolicy } from '../../src/ports.ts';
import { renderGrant } from '../../src/session-policy/render-grant.ts';
import { createSessionPolicyMemo } from '../../src/session-policy/session-policy-memo.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { makeGrant } from '../support/config.ts';

const wideGrant = (name: string, rest = '') => `
  - name: ${name}
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/teams/{teams}/{projects}/", permissions: [read, write, list] }]
    restrict: { https: false }
    ${rest}
`;

const CONFIG = [
  SIMPLE_CONFIG.replace(
    'user: { claim: sub }',
    'user: { claim: sub }\n      teams: { claim: teams, maxLength: 256 }\n      projects: { claim: projects }',
  ),
  wideGrant('wide'),
  ...Array.from({ length: 20 }, (_, n) => wideGrant(`trial-${n}`, 'mode: report')),
  'callerAddress: { header: X-Forwarded-For, trustedHops: 1 }\n',
].join('');

/** 992 targets from 63 values. `n` makes them unlike those of other requests. */
function manyTargets(n: number): { readonly teams: string[]; readonly projects: string[] } {
  const name = (kind: string, index: number) => `${kind}-${n}-${index}-${'x'.repeat(40)}`;
  return {
    teams: Array.from({ length: 31 }, (_, index) => name('team', index)),
    projects: Array.from({ length: 32 }, (_, index) => name('project', index)),
  };
}

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({
    config: `${CONFIG}limits: { subject: { requests: 3, window: 24h }, address: { requests: 5, window: 24h } }\n`,
  });
});

afterAll(async () => {
  await broker.close();
});

const from = (address: string) => ({ 'X-Forwarded-For': address });

describe('threat 38: a valid token whose arrays multiply', () => {
  it('cannot make an audit line long: it lists the first targets, and says how many there were', async () => {
    const { status, body } = await broker.ask({
      claims: { sub: 'many', ...manyTargets(1) },
      body: { Grant: 'wide' },
      headers: from('192.0.2.1'),
    });
    const line = broker.auditLines().at(-1);

    expect([status, body['code']]).toEqual([403, 'too_many_targets']);
    expect(line).toMatchObject({ reason: 'session_policy_too_large', targetCount: 992 });
    expect(line?.['targets']).toHaveLength(32);
    // three grants in report mode have 2,976 targets, which is enough
    expect(line?.['reported']).toHaveLength(3);
    expect(JSON.stringify(line).length).toBeLessThan(16_384);
  });

  it('ends the report after as many targets, though each grant refuses what is asked or gives one', async () => {
    const claims = manyTargets(1);
    const one = `oss://app-media/teams/${claims.teams[0]}/${claims.projects[0]}/`;
    for (const [index, asked] of [{ Target: one }, { DurationSeconds: 43_200 }].entries()) {
      await broker.ask({
        claims: { sub: `narrowed-${index}`, ...claims },
        body: { Grant: 'wide', ...asked },
        headers: from(`192.0.2.${10 + index}`),
      });

      expect(broker.auditLines().at(-1)?.['reported']).toHaveLength(3);
    }
  });

  it('lists every target of an ordinary decision, and no count', async () => {
    const claims = { sub: 'few', teams: ['a', 'b'], projects: ['c', 'd'] };
    await broker.ask({ claims, body: { Grant: 'wide' }, headers: from('192.0.2.2') });
    const line = broker.auditLines().at(-1);

    expect(line).toMatchObject({ decision: 'granted' });
    expect(line?.['targets']).toHaveLength(4);
    expect(line).not.toHaveProperty('targetCount');
  });

  it('bounds the line by length where few targets are long', async () => {
    const claims = {
      sub: 'long',
      teams: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => name.repeat(200)),
      projects: ['g', 'h', 'i', 'j'].map((name) => name.repeat(60)),
    };
    await broker.ask({ claims, body: { Grant: 'wide' }, headers: from('192.0.2.3') });
    const line = broker.auditLines().at(-1);

    expect(line).toMatchObject({ targetCount: 24 });
    expect(JSON.stringify(line?.['targets']).length).toBeLessThan(6144);
  });

  it('is counted for its subject before the work, whatever the work decides', async () => {
    const ask = (n: number) =>
      broker.ask({
        claims: { sub: 'busy', ...manyTargets(n) },
        body: { Grant: 'wide' },
        headers: from('192.0.2.4'),
      });
    const statuses: number[] = [];
    for (const n of [1, 2, 3, 4]) statuses.push((await ask(n)).status);
    const line = broker.auditLines().at(-1);

    expect(statuses).toEqual([403, 403, 403, 429]);
    expect(line).toMatchObject({ reason: 'rate_limited', why: { scope: 'subject' } });
    // neither matched, nor narrowed, nor reported
    for (const member of ['grant', 'targets', 'reported']) expect(line).not.toHaveProperty(member);
  });

  it('is counted for its address before the work too', async () => {
    const statuses: number[] = [];
    for (const n of [1, 2, 3, 4, 5, 6]) {
      const claims = { sub: `one-of-${n}`, ...manyTargets(n) };
      const { status } = await broker.ask({
        claims,
        body: { Grant: 'wide' },
        headers: from('192.0.2.5'),
      });
      statuses.push(status);
    }

    expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
    expect(broker.auditLines().at(-1)).toMatchObject({ why: { scope: 'address' } });
  });

  it('is not rendered if the session policy cannot fit, and is not remembered', () => {
    const rendered: number[] = [];
    const memo = createSessionPolicyMemo(10);
    const render: RenderSessionPolicy = (input) => {
      rendered.push(input.allowances.length);
      return memo(input);
    };
    const narrowed = (count: number) => ({
      grant: makeGrant(),
      durationSeconds: 900,
      allowances: Array.from({ length: count }, (_, n) => ({
        target: { bucket: 'app-media', key: `teams/${n}/` },
        permissions: ['read' as const],
        actions: [],
      })),
    });

    expect(() => renderGrant(render, narrowed(992))).toThrow('session_policy_too_large');
    expect(rendered).toEqual([]);
    expect(renderGrant(render, narrowed(2)).bytes).toBeLessThan(2048);
    expect(rendered).toEqual([2]);
  });
});

describe('threat 38: what must not count', () => {
  it('a refused token counts for no subject, and a denied subject counts for no address', async () => {
    const own = await startTestBroker({
      config: `${CONFIG.replace('types:', 'deny: { subjects: [mallory] }\n    types:')}limits: { subject: { requests: 1, window: 24h }, address: { requests: 1, window: 24h } }\n`,
    });
    const ask = (claims: object, token?: string) =>
      own.ask({
        claims: { ...claims },
        ...(token === undefined ? {} : { token }),
        body: { Grant: 'user-files' },
        headers: from('192.0.2.6'),
      });
    const forged = `${(await own.issuer.token({ sub: 'alice' })).slice(0, -8)}AAAAAAAA`;

    expect((await ask({}, forged)).status).toBe(401);
    expect((await ask({ sub: 'mallory' })).status).toBe(401);
    expect((await ask({ sub: 'alice', exp: 1 })).status).toBe(401);
    expect((await ask({ sub: 'alice' })).status).toBe(200);
    expect((await ask({ sub: 'alice' })).status).toBe(429);
    await own.close();
  });
});
