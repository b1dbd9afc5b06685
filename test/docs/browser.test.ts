/** The README's browser example keeps its access: over hours, over a broker that is down, and to any endpoint. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningOss, startSimulatedOss } from '../../simulator/oss/server.ts';
import { letClockRun, passTime, stopClock } from '../faults/clock.ts';
import { freePort } from '../support/bundle.ts';
import { loadSnippet } from './browser-snippet.ts';
import { blocksOf } from './pages.ts';
import { startWorld, type World } from './world.ts';

const MINUTE_MS = 60_000;
const [example, another] = blocksOf('README.md', 'js');

let world: World;
/** What the issuer says when the page asks for a subject token. */
let isLoggedIn = true;

beforeEach(async () => {
  stopClock();
  isLoggedIn = true;
  world = await startWorld();
});

afterEach(async () => {
  await world.close();
  letClockRun();
});

async function openPage(of: World = world) {
  if (example === undefined || another !== undefined) throw new Error('the README has one example');
  const { client, prefix } = await loadSnippet(example, {
    brokerUrl: of.broker.url,
    getSubjectToken: async () => {
      if (!isLoggedIn) throw new Error('logged out');
      return of.token('app');
    },
    file: Buffer.alloc(300_000, 'x'),
  });
  return { client, upload: () => client.put(`${prefix}note.txt`, Buffer.from('x')) };
}

const granted = () =>
  world.broker.auditLines().filter(({ decision }) => decision === 'granted').length;

describe('the page of the README', () => {
  it('asks the broker once for all requests of an upload', async () => {
    const { upload } = await openPage();
    await upload();

    expect(granted()).toBe(1);
  });

  it('uploads for hours, also when its first credential is half used up', async () => {
    await world.broker.ask({ token: await world.token('app'), body: { Grant: 'user-files' } });
    passTime(7 * MINUTE_MS);
    const { upload } = await openPage();
    expect(world.broker.auditLines().at(-1)).toMatchObject({ cacheHit: true });

    for (let minute = 0; minute < 120; minute += 1) {
      passTime(MINUTE_MS);
      expect((await upload()).res.status).toBe(200);
    }
    expect(granted()).toBeLessThan(20);
  });

  it('asks once for all who wait when it is time for the next credential', async () => {
    const { upload } = await openPage();
    passTime(13 * MINUTE_MS);
    await Promise.all([upload(), upload(), upload()]);

    expect(granted()).toBe(2);
  });

  it('goes on with the credential at hand while it gets no other, and recovers', async () => {
    const { upload } = await openPage();
    isLoggedIn = false;
    passTime(14 * MINUTE_MS);
    expect((await upload()).res.status).toBe(200);

    passTime(2 * MINUTE_MS);
    await expect(upload()).rejects.toThrow('logged out');

    isLoggedIn = true;
    expect((await upload()).res.status).toBe(200);
  });

  it('names its grant, so that a second one that fits changes nothing', async () => {
    const member = { ...world, token: () => world.token('app', { plan: 'team' }) };
    const { body } = await world.broker.ask({ token: await member.token() });
    expect(body['code']).toBe('ambiguous_grant');

    expect((await (await openPage(member)).upload()).res.status).toBe(200);
  });

  it('stops at a refusal, and says its code', async () => {
    const strangers = { ...world, token: () => world.token('acme') };

    await expect(openPage(strangers)).rejects.toThrow('no_grant');
  });

  it('reaches a bucket by its own domain', async () => {
    const port = await freePort();
    const endpoint = `http://localhost:${port}`;
    const bound = await startWorld({ bucket: { endpoint, cname: true } });
    const oss: RunningOss = await startSimulatedOss({
      cloud: bound.broker.simulator.cloud,
      cnames: new Map([['localhost', 'app-media']]),
      port,
    });
    const { client, upload } = await openPage(bound);

    expect((await upload()).res.status).toBe(200);
    expect(Reflect.get(client, 'options')).toMatchObject({ cname: true, bucket: 'app-media' });
    await oss.close();
    await bound.close();
  });
});
