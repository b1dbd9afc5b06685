/** Where a server's CPU time goes: the functions with the most time of their own in a CPU profile. */
import type { Profiler } from 'node:inspector/promises';
import { table } from './table.ts';

const SHOWN = 25;
const IDLE: ReadonlySet<string> = new Set(['(idle)', '(root)']);

/**
 * A table of functions, by their share of the time in which the main thread was busy. The threads
 * of libuv's pool are in no profile; they check signatures.
 */
export function profileTable(profile: Profiler.Profile): string {
  const owners = new Map(profile.nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]));
  const timeUs = new Map<string, number>();
  let busyUs = 0;
  const { samples = [], timeDeltas = [] } = profile;
  for (const [index, id] of samples.entries()) {
    const owner = owners.get(id) ?? '';
    if (IDLE.has(owner)) continue;
    const deltaUs = timeDeltas[index + 1] ?? 0;
    busyUs += deltaUs;
    timeUs.set(owner, (timeUs.get(owner) ?? 0) + deltaUs);
  }
  const top = [...timeUs].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  return table(
    ['function', '% of busy time'],
    top.map(([owner, ownUs]) => [owner, ((100 * ownUs) / busyUs).toFixed(1)]),
  );
}

function ownerOf({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const place = url.replace(/^.*\/node_modules\/(?!\.cache)/, '').replace(/^.*\/bench\//, '');
  return `${name} ${place}:${lineNumber + 1}`;
}
