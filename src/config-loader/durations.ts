/** Parses durations as the config writes them: `900s`, `15m`, `1h`. */

const DURATION = /^([1-9]\d{0,6})(s|m|h)$/;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Returns seconds, or undefined for text that is not a duration. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  const seconds = SECONDS[unit ?? ''];
  return seconds === undefined ? undefined : Number(amount) * seconds;
}

/** Converts a duration that the schema has already accepted. */
export function toSeconds(text: string): number {
  return parseDuration(text) ?? 0;
}
