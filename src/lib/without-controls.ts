/** Makes text of others fit for a line on a terminal. */

/** A space for each character that a terminal would obey, or that would end the line or show it elsewhere. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
