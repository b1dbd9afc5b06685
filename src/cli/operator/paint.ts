/** Colours for terminals, and none elsewhere. */
import { styleText } from 'node:util';
import type { Machine } from '../system/machine.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

/** https://no-color.org: NO_COLOR turns colours off, whatever its value. */
export function createPaint({ printsToTerminal, environment }: Machine): Paint {
  const isPlain = !printsToTerminal || (environment['NO_COLOR'] ?? '') !== '';
  return (style, text) => (isPlain ? text : styleText(style, text));
}
