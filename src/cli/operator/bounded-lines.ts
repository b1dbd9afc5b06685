/** Splits bytes into lines, and holds no more than one line of the longest allowed length. */

const LINE_FEED = 0x0a;

/** Yields each line without its line feed, and undefined for a line of more bytes than the limit. */
export async function* boundedLines(
  input: AsyncIterable<Buffer>,
  limitBytes: number,
): AsyncGenerator<Buffer | undefined> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const take = (part: Buffer): void => {
    bytes += part.length;
    if (bytes <= limitBytes) parts.push(part);
    else parts = [];
  };
  const end = (): Buffer | undefined => {
    const line = bytes <= limitBytes ? Buffer.concat(parts) : undefined;
    parts = [];
    bytes = 0;
    return line;
  };
  for await (const chunk of input) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
      take(chunk.subarray(from, at));
      yield end();
      from = at + 1;
    }
    take(chunk.subarray(from));
  }
  if (bytes > 0) yield end();
}
