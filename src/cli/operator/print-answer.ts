/** Prints what a command found: as JSON for machines, or as text for people. */
import { escapeMisleading } from '../../lib/escape-misleading.ts';
import { withoutControls } from '../../lib/without-controls.ts';
import type { Machine } from '../system/machine.ts';
import { createPaint, type Paint } from './paint.ts';

/**
 * `answer` is plain data. Its parts from tokens, configs and servers cannot control a terminal: JSON
 * escapes control characters, and text has spaces in their place.
 */
export async function printAnswer<Answer extends object>(
  answer: Answer,
  format: string | undefined,
  machine: Machine,
  asText: (clean: Answer, paint: Paint) => string,
): Promise<void> {
  await machine.print(
    format === 'json' ? toJson(answer) : asText(cleaned(answer), createPaint(machine)),
  );
}

/** Indented, with a line feed at the end. */
export function toJson(answer: object): string {
  const lines = JSON.stringify(answer, undefined, 2).split('\n');
  return `${lines.map(escapeMisleading).join('\n')}\n`;
}

function cleaned<Answer extends object>(answer: Answer): Answer {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return withoutControls(value);
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value);
    return Object.fromEntries(members.map(([name, one]) => [withoutControls(name), clean(one)]));
  };
  return JSON.parse(JSON.stringify(clean(answer)));
}
