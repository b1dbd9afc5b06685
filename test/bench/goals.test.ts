/** The goals of the bench: each is met, missed, or not measured. */
import { expect, it } from 'vitest';
import { checkGoals } from './goals.ts';
import type { Measured } from './row.ts';

const measured = (name: string, figures: Partial<Measured>): Measured => ({
  name,
  algorithm: 'ES256',
  server: 'broker',
  connections: 64,
  grants: 10,
  answersPerSecond: 1000,
  p50Ms: 1,
  p99Ms: 2,
  cpuUs: 100,
  cpuUsRange: [100, 100],
  clientCpuUs: 10,
  residentMiB: 100,
  ...figures,
});
const verify = measured('hono + jose', { cpuUs: 100 });

it.each([
  [60, true],
  [60.1, false],
])('a warm token of %d µs beside 100 µs of verification: met is %s', (cpuUs, isMet) => {
  const [goal] = checkGoals([verify, measured('broker, warm token', { cpuUs })]);
  expect(goal).toMatchObject({
    what: 'broker, warm token: CPU to hono + jose',
    wanted: '<= 0.6',
    ratio: cpuUs / 100,
    isMet,
  });
});

it.each([
  [500, true],
  [499, false],
])('%d answers a second beside 1000 of node:http: met is %s', (answersPerSecond, isMet) => {
  const rows = [measured('node:http', {}), measured('broker, warm request', { answersPerSecond })];
  expect(checkGoals(rows)).toMatchObject([{ wanted: '>= 0.5', isMet }]);
});

it('says nothing about rows that were not measured', () => {
  expect(checkGoals([verify])).toEqual([]);
});
