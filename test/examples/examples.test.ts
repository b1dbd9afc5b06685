/** Each config in `examples`, started with `npm run dev`: what it is for works, and what it guards against does not. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { ROOT } from '../docs/pages.ts';
import { missingPrograms } from '../docs/shell.ts';
import { devClient, type RunningDev, startDev } from '../support/dev.ts';
import { paste, SHELLS } from '../support/interactive-shell.ts';
import { ossRefusal } from '../support/oss-client.ts';

const FOLDER = new URL('../../examples/', import.meta.url);
const HELLO = Buffer.from('hello');
/** As the example says how it is tried, so that one start serves both tests. */
const PAGES = ['--origin', 'http://localhost:5173'];
const SHORT = ['--credential-seconds', '60'];

const started = new Map<string, Promise<RunningDev>>();

afterAll(async () => {
  const all = await Promise.allSettled(started.values());
  await Promise.all(all.map((one) => one.status === 'fulfilled' && one.value.close()));
});

/** Starts it once for the same arguments: a start takes far longer than what is asked of it. */
function start(...args: readonly string[]): Promise<RunningDev> {
  const key = args.join(' ');
  const running = started.get(key) ?? startDev(args);
  started.set(key, running);
  return running;
}

/** What the walk prints when it is pasted into zsh, the strictest of the shells, or else into another. */
async function outcomesOf(walk: string): Promise<readonly string[]> {
  const installed = SHELLS.filter(({ program }) => program);
  const shell = installed.find(({ name }) => name === 'zsh') ?? installed[0];
  if (shell === undefined) throw new Error('there is no shell to paste into');
  const { stdout } = await paste(shell, walk, ROOT);
  return stdout.split('\n').filter((line) => /^(?:\{|\d{3} )/.test(line));
}

/** The folders hold the code of callers, which `npm run test:clients` runs. */
const CONFIGS = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

describe.each(CONFIGS)('examples/%s', (name) => {
  const text = readFileSync(new URL(name, FOLDER), 'utf8');

  it('loads without a warning', () => {
    expect(loadConfig({ text, file: name, environment: {} }).warnings).toEqual([]);
  });

  it.skipIf(missingPrograms('curl ').length > 0)(
    'is tried as it says, with a walk that can be pasted',
    async () => {
      const [, command = ''] = /^# Try it: +npm run dev -- (.*)$/m.exec(text) ?? [];
      const { walk } = await start(...command.split(' '));
      const outcomes = await outcomesOf(walk);

      expect(command).toContain(`examples/${name}`);
      expect(outcomes[0]).toContain('"StatusCode":200');
      expect(outcomes[1]).toMatch(/^200 /);
      expect(outcomes.slice(2, -1)).not.toEqual([]);
      for (const outcome of outcomes.slice(2, -1)) expect(outcome).toMatch(/^403 AccessDenied /);
      expect(JSON.parse(outcomes.at(-1) ?? '')).toMatchObject({ code: 'target_outside_grant' });
    },
    60_000,
  );

  it('has a test below', () => {
    const self = readFileSync(new URL(import.meta.url), 'utf8');

    expect(self).toContain(`start('examples/${name}'`);
  });
});

describe('an app whose users sign in at Auth0', () => {
  it('lets a user upload below their own prefix, and nobody without the permission', async () => {
    const { token, ask } = await start('examples/auth0-app.yaml', ...PAGES);
    const user = ['--issuer', 'auth0', 'sub=auth0|6512bd43d9caa6e02c990b0a'];
    const answer = await ask(await token(...user, 'permissions:=["upload:files"]'));
    const client = devClient(answer, 'app-media');
    const put = (who: string) => client.put(`users/${who}/a.txt`, HELLO);

    expect((await put('auth0|6512bd43d9caa6e02c990b0a')).res.status).toBe(200);
    expect(await ossRefusal(put('auth0|6512bd43d9caa6e02c990b0b'))).toBe('AccessDenied');
    expect(await ask(await token(...user, 'permissions:=["read:files"]'))).toMatchObject({
      code: 'no_grant',
    });
  });
});

describe('a job of GitHub Actions', () => {
  it('uploads from the main branch, and gets nothing for a pull request or another owner', async () => {
    const { token, ask } = await start('examples/github-actions.yaml');
    const job = (claims: Readonly<Record<string, string>> = {}) =>
      token(
        ...Object.entries({
          sub: 'repo:acme/tool:environment:production',
          repository_id: '987',
          repository_owner_id: '1234567',
          ref: 'refs/heads/main',
          environment: 'production',
          ...claims,
        }).map(([name, value]) => `${name}=${value}`),
      );
    const client = devClient(await ask(await job()), 'releases');

    expect((await client.put('987/tool.tar.gz', HELLO)).res.status).toBe(200);
    expect(await ossRefusal(client.get('987/tool.tar.gz'))).toBe('AccessDenied');
    for (const other of [{ ref: 'refs/pull/7/merge' }, { repository_owner_id: '7654321' }]) {
      expect(await ask(await job(other))).toMatchObject({ code: 'no_grant' });
    }
  });
});

describe('a mobile app of many tenants', () => {
  it('keeps a user within their tenant', async () => {
    const { token, ask } = await start('examples/multi-tenant-mobile.yaml', ...SHORT);
    const [tenant, other] = [1, 2].map((end) => `6f1c1d0e-5d3b-4c59-9b0e-2f6a7d1c8e0${end}`);
    const user = 'b2a0d8f4-3c1e-4e4f-8f57-0c9f5f1d7a11';
    const phone = await token(
      ...[`sub=${user}`, 'email_verified:=true', `app_metadata:={"tenant_id":"${tenant}"}`],
    );
    const client = devClient(await ask(phone), 'mobile-media');
    const put = (of = tenant) => client.put(`tenants/${of}/users/${user}/a.jpg`, HELLO);

    expect((await put()).res.status).toBe(200);
    expect(await ossRefusal(put(other))).toBe('AccessDenied');
    expect(await ossRefusal(client.put(`tenants/${tenant}/shared/a.jpg`, HELLO))).toBe(
      'AccessDenied',
    );
    expect(await ask(phone, `?Target=oss://mobile-media/tenants/${other}/shared/`)).toMatchObject({
      code: 'target_outside_grant',
    });
  });
});

describe('a partner with an address restriction', () => {
  const claims = ['--issuer', 'acme', 'sub=acme-1', 'client_id=delivery-service'];

  it('delivers from its own network, and reads nothing', async () => {
    const { token, ask } = await start('examples/partner.yaml', '--caller-address', '203.0.113.7');
    const client = devClient(await ask(await token(...claims)), 'partner-inbox');

    expect((await client.put('acme/orders.csv', HELLO)).res.status).toBe(200);
    expect(await ossRefusal(client.get('acme/orders.csv'))).toBe('AccessDenied');
    expect(await ask(await token('client_id=intern'))).toMatchObject({ code: 'no_grant' });
  });

  it('holds a credential that is of no use elsewhere', async () => {
    const { token, ask, text } = await start('examples/partner.yaml');
    const client = devClient(await ask(await token(...claims)), 'partner-inbox');

    expect(await ossRefusal(client.put('acme/orders.csv', HELLO))).toBe('AccessDenied');
    expect(text).toContain('works from 203.0.113.0/24 only');
  });
});
