/** Every kind of source credentials signs, survives rotation under load, and fails without leaking secrets. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RefusalError } from '../../src/refusal.ts';
import { createOssClient } from '../support/oss-client.ts';
import { KINDS, SPOILS } from './kinds.ts';
import { startWorld, UPLOADER_ARN, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const REQUESTS = 60;
const AT_ONCE = 12;

/** The distinct failures of many requests, a dozen at a time; `halfway` runs in between. */
async function load(request: () => Promise<unknown>, halfway: () => Promise<void>) {
  const failures: unknown[] = [];
  let started = 0;
  const worker = async () => {
    while (started < REQUESTS) {
      started += 1;
      if (started === REQUESTS / 2) await halfway();
      await request().catch((error: unknown) => failures.push(describeRefusal(error)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return [...new Set(failures)];
}

function describeRefusal(error: unknown): string {
  return error instanceof RefusalError ? JSON.stringify(error.refusal) : String(error);
}

describe.each(KINDS)('$name', ({ source, arrange }) => {
  it('signs AssumeRole, and the resulting credential can upload a file', async () => {
    const { provider } = await arrange(world, { hasShortDeadlines: false });
    const issued = await world.createSigner(provider)();
    const client = createOssClient(world.oss.url, {
      AccessKeyId: issued.accessKeyId,
      AccessKeySecret: issued.accessKeySecret,
      SecurityToken: issued.securityToken,
    });

    expect(await client.put('a.txt', Buffer.from('a'))).toMatchObject({ res: { status: 200 } });
    expect(world.cloud.identities.get(issued.accessKeyId)?.arn).toContain('oss-uploader/caller');
  });

  it('survives rotation under load without a failed request', async () => {
    const { provider, rotate } = await arrange(world, { hasShortDeadlines: false });
    if (rotate === undefined) return expect(source).toBe('static');
    const assume = world.createSigner(provider);
    const before = await provider.get();
    const failures = await load(assume, rotate);
    const after = await provider.get();

    expect(failures).toEqual([]);
    expect(after.accessKeyId).not.toBe(before.accessKeyId);
  });

  it.each(SPOILS)('reports when its source is %s, without quoting its content', async (how) => {
    const { provider, spoil } = await arrange(world, { hasShortDeadlines: how === 'slow' });
    const expected = await spoil?.[how]?.();
    if (expected === undefined) return; // this kind has no source that can fail like this
    const issued = await world
      .createSigner(provider)()
      .catch((error: unknown) => error);

    const problem = issued instanceof RefusalError ? describeRefusal(issued) : 'it was not refused';
    expect(problem).toMatch(/"reason":"source_credentials_unavailable"/);
    expect(problem).toContain(`"problem":"${source}: `);
    expect(problem).toMatch(expected);
    expect(world.secrets().filter((secret) => problem.includes(secret))).toEqual([]);
    expect(world.sts.calls.filter(({ params }) => params['RoleArn'] === UPLOADER_ARN)).toEqual([]);
  });
});
