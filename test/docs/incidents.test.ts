/** The config of each incident stops what leaked, and nothing else. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startTestBroker } from '../support/broker.ts';
import { makeUrl, pathOf, TICKET_ENVIRONMENT, useUrl } from '../support/credential-urls.ts';
import { toObject } from '../support/declared.ts';
import { completeConfig, everyCallerConfig, toSimulated } from './configs.ts';
import { blocksOf, blockWith } from './pages.ts';
import { ISSUERS, startWorld, type World } from './world.ts';

const PAGE = 'docs/incidents.md';

/** Starts the broker after the operator has written the block into the config. */
async function afterIncident<T>(
  mark: string,
  check: (world: World) => Promise<T>,
  change: (text: string) => string = (text) => text,
): Promise<T> {
  const block = blockWith(PAGE, 'yaml', mark);
  const config = completeConfig({ ...block, text: change(block.text) });
  const world = await startWorld({ config });
  try {
    return await check(world);
  } finally {
    await world.close();
  }
}

const lastReason = ({ broker }: World) => broker.auditLines().at(-1)?.['reason'];

describe('the config of the incident', () => {
  it('of a leaked token refuses it, and no other token of its subject', async () => {
    await afterIncident('tokenIds:', async (world) => {
      const leaked = await world.broker.ask({ token: await world.token('app') });
      expect(leaked.body['code']).toBe('subject_token_invalid');
      expect(lastReason(world)).toBe('token_denied');
      const other = await world.broker.ask({ token: await world.token('app', { jti: 'other' }) });
      expect(other.status).toBe(200);
    });
  });

  it('of a compromised issuer refuses each caller of the grant', async () => {
    await afterIncident('disabled: true', async (world) => {
      const { body } = await world.broker.ask({ token: await world.token('app') });
      expect(body['code']).toBe('no_grant');
      expect(lastReason(world)).toBe('grant_disabled');
    });
  });

  it('of a compromised key refuses it, and takes the next key', async () => {
    await afterIncident(
      'keyIds:',
      async (world) => {
        const old = await world.broker.ask({ token: await world.token('app') });
        expect(old.body['code']).toBe('subject_token_invalid');
        expect(lastReason(world)).toBe('key_denied');
        world.broker.issuer.rotate({ keepOld: true });
        world.broker.clock.offsetMs = 11 * 60_000;
        const now = Math.floor(Date.now() / 1000);
        const next = await world.token('app', { exp: now + 3600 });
        await world.broker.ask({ token: next });
        world.broker.clock.offsetMs += 60_000;
        expect((await world.broker.ask({ token: next })).status).toBe(200);
      },
      (text) => text.replace('key-2026-10', 'es256-1'),
    );
  });

  it('of a throttling STS bounds each subject, and no other', async () => {
    await afterIncident('assumeRole:', async (world) => {
      const ask = async (sub: string, name: string) =>
        world.broker.ask({
          token: await world.token('app', { sub }),
          body: { Target: `oss://app-media/users/${sub}/${name}` },
        });
      for (const name of ['a', 'b']) expect((await ask('1', name)).status).toBe(200);
      expect((await ask('1', 'c')).body['code']).toBe('rate_limited');
      expect(world.broker.auditLines().at(-1)?.['why']).toMatchObject({ scope: 'assume_role' });
      expect((await ask('2', 'a')).status).toBe(200);
    });
  });

  it('of a leaked credential URL refuses it, and no other', async () => {
    const block = blockWith(PAGE, 'yaml', 'ticketIds:');
    const world = await startWorld();
    const ask = async (jti: string) => {
      const made = await makeUrl(world.broker, { token: await world.token('app', { jti }) });
      return { id: String(world.broker.auditLines().at(-1)?.['ticketId']), path: pathOf(made) };
    };
    const [leaked, other] = [await ask('leaked'), await ask('other')];
    const text = block.text.replace(/ticketIds: \[.*?\]/, `ticketIds: ["${leaked.id}"]`);
    const config = { ...everyCallerConfig(), ...toObject(parse(text)) };
    const changed = await startTestBroker({
      issuer: world.broker.issuer,
      environment: TICKET_ENVIRONMENT,
      config: toSimulated(config, { issuers: { [ISSUERS.app]: world.broker.issuer.url } }),
    });
    const [first, second] = [await useUrl(changed, leaked.path), await useUrl(changed, other.path)];
    const [line] = changed.auditLines();
    await changed.close();
    await world.close();

    expect(text).not.toBe(block.text);
    expect(first.body['code']).toBe('credential_url_invalid');
    expect(line?.['reason']).toBe('ticket_invalid');
    expect(second.status).toBe(200);
  });
});

it('each config of the page is one of them', () => {
  expect(blocksOf(PAGE, 'yaml')).toHaveLength(5);
});
