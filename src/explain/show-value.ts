/** Shows values that issuers and callers wrote: short, on one line and without what looks like a secret. */
import { boundedText } from '../lib/bounded-text.ts';
import { withoutControls } from '../lib/without-controls.ts';

const MAX_LENGTH = 100;
/** For sentences of the broker and names of objects, which lose their meaning when they are cut. */
export const MAX_SENTENCE = 1200;

/** JSON of the value, cut to 100 characters; `nothing` if it is absent. */
export function showValue(value: unknown): string {
  return value === undefined ? 'nothing' : showText(JSON.stringify(value));
}

/** The text itself. Characters that a terminal could obey, or show elsewhere, become spaces. */
export function showText(text: string, maxLength = MAX_LENGTH): string {
  const isCut = text.length > maxLength;
  const shown = boundedText(text, maxLength, 'tokens and secrets');
  return `${withoutControls(shown)}${isCut ? '…' : ''}`;
}

/** ISO instant of seconds since the epoch, or the value as it is. */
export function showInstant(value: unknown): string {
  const isInstant = typeof value === 'number' && value >= 0 && value <= 253_402_300_799;
  return isInstant ? toInstant(value * 1000) : showValue(value);
}

/** Whole seconds, UTC. */
export function toInstant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
