/** Cleans untrusted text for one line on standard error. */
import { boundedText } from '../../lib/bounded-text.ts';
import { withoutControls } from '../../lib/without-controls.ts';

const MAX_LENGTH = 300;

/** One line without control characters, which a terminal would obey, and without what looks like a secret. */
export function printable(text: string): string {
  return withoutControls(boundedText(text, MAX_LENGTH, 'tokens and secrets'));
}
