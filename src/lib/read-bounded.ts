/** Reads a body from an untrusted sender and holds little more than the limit. */

/** Throws the error of `toError` once the body exceeds `limitBytes`. Passes on errors of the body. */
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
