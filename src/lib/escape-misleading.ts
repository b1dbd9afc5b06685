/** Escapes in JSON what terminals and log readers may obey. */

/**
 * Characters that JSON does not escape, but that log readers may treat as a line end (NEL, U+2028),
 * a terminal command (C1) or a change of writing direction.
 */
const MISLEADING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The same JSON with `\uXXXX` for each UTF-16 code unit of such a character (RFC 8259 section 7). Takes JSON on one line. */
export function escapeMisleading(json: string): string {
  return json.replace(MISLEADING, escapeUnits);
}

function escapeUnits(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
