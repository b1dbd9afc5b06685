/** Cleans untrusted text for one line on a terminal. */

/** Puts a space for every character that could control a terminal, end the line or reorder it. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
