/** Colours for terminals, and none elsewhere. */
import type { Machine } from '../system/machine.ts';

/** https://en.wikipedia.org/wiki/ANSI_escape_code#Select_Graphic_Rendition_parameters. Node's own `styleText` came after 20.10. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof CODES;
export type Paint = (style: Style, text: string) => string;

/** https://no-color.org: NO_COLOR turns colours off, unless it is empty. */
export function createPaint({
  printsToTerminal,
  environment,
}: Pick<Machine, 'printsToTerminal' | 'environment'>): Paint {
  const isPlain = !printsToTerminal || (environment['NO_COLOR'] ?? '') !== '';
  return (style, text) => {
    if (isPlain) return text;
    const [on, off] = CODES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}
