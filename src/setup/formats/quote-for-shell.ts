/** Quotes a text as one word of a POSIX shell. */

/** Nothing is special between single quotes but the quote itself (POSIX, Shell Command Language 2.2.2). */
export function quoteForShell(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
