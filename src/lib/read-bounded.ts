/** Reads a body whose sender is not trusted, and never holds more of it than the limit. */

/** Throws the error of `toError` as soon as the body is larger than `limitBytes`, and what the body throws. */
export async function readBounded(
  body: AsyncIterable<Uint8Array> | null,
  limitBytes: number,
  toError: () => Error,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) throw toError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
