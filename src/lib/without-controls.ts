/** Takes out what a terminal would obey. */

/** Each control character, line break and sign that turns the direction of text becomes a blank. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
