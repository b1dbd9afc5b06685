/** How long the environment of a function is skipped, with a clock that the test moves. */
import { describe, expect, it } from 'vitest';
import { RefusalError } from '../../src/refusal.ts';
import { createFunctionCredentials } from '../../src/source-credentials/function.ts';

const ENVIRONMENT = {
  ALIBABA_CLOUD_ACCESS_KEY_ID: 'STS.function',
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret',
  ALIBABA_CLOUD_SECURITY_TOKEN: 'token',
};

function arrange() {
  const environment: Record<string, string> = { ...ENVIRONMENT };
  const clock = { nowMs: Date.parse('2026-11-23T12:00:00Z') };
  const random = () => 1;
  const provider = createFunctionCredentials({ environment, now: () => clock.nowMs, random });

  async function isGiven(): Promise<boolean> {
    return provider.get().then(() => true, requireUnavailable);
  }

  return {
    clock,
    environment,
    isGiven,
    /** STS refuses the credentials of this many simultaneous requests. */
    async refuse(requests = 1) {
      const given = await Promise.all(Array.from({ length: requests }, () => provider.get()));
      for (const credentials of given) {
        await provider.renew(credentials).then(() => true, requireUnavailable);
      }
    },
    /** How long until the provider gives credentials again, in steps of 250 ms. */
    async pauseMs() {
      const startMs = clock.nowMs;
      while (!(await isGiven())) clock.nowMs += 250;
      return clock.nowMs - startMs;
    },
  };
}

function requireUnavailable(error: unknown): boolean {
  const isExpected =
    error instanceof RefusalError && error.refusal.reason === 'source_credentials_unavailable';
  if (!isExpected) throw error;
  return false;
}

describe('the environment of a function', () => {
  it('is skipped for longer after each refusal, up to 30 seconds', async () => {
    const { refuse, pauseMs } = arrange();
    const pausesMs: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      await refuse();
      pausesMs.push(await pauseMs());
    }

    expect(pausesMs).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('is skipped only once for all requests in flight', async () => {
    const { refuse, pauseMs } = arrange();
    await refuse(50);

    expect(await pauseMs()).toBe(1000);
  });

  it('starts again with one second if the last refusal is long ago', async () => {
    const { refuse, pauseMs, clock } = arrange();
    for (let round = 0; round < 6; round += 1) {
      await refuse();
      await pauseMs();
    }
    clock.nowMs += 60_000;
    await refuse();

    expect(await pauseMs()).toBe(1000);
  });

  it('is used at once when it contains another key', async () => {
    const { refuse, isGiven, environment } = arrange();
    await refuse();
    expect(await isGiven()).toBe(false);
    environment['ALIBABA_CLOUD_ACCESS_KEY_ID'] = 'STS.another';

    expect(await isGiven()).toBe(true);
  });
});
