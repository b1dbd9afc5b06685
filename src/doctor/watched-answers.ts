/** Lets the doctor see the answers of an issuer while the broker's own code reads them. */
import type { FetchIssuer } from '../subject-token/keys/issuer-fetch.ts';

export interface WatchedAnswer {
  readonly lastModified: string | undefined;
  /** What was read of the body so far. */
  readonly chunks: readonly Uint8Array[];
}

export interface WatchedFetch {
  readonly fetchIssuer: FetchIssuer;
  /** Absent: there was no answer. */
  readonly lastAnswer: () => WatchedAnswer | undefined;
}

/** Keeps only what the reader takes, so the reader's limit holds here too, but for one chunk. */
export function watchAnswers(fetchIssuer: FetchIssuer): WatchedFetch {
  let last: WatchedAnswer | undefined;
  return {
    async fetchIssuer(url, request) {
      const answer = await fetchIssuer(url, request);
      const chunks: Uint8Array[] = [];
      last = { chunks, lastModified: answer.lastModified };
      return { ...answer, body: keepChunks(answer.body, chunks) };
    },
    lastAnswer: () => last,
  };
}

async function* keepChunks(
  body: AsyncIterable<Uint8Array>,
  chunks: Uint8Array[],
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    chunks.push(chunk);
    yield chunk;
  }
}
