/** A time limit for work that can be stopped, measured by a wait that is passed in. */

/** Waits; rejects as soon as the signal aborts. */
export type Sleep = (delayMs: number, signal: AbortSignal) => Promise<unknown>;

/**
 * The result of the work, or the error of `toError` after `timeoutMs`. The work hears of its end
 * through the signal, whichever way it ends.
 */
export async function withinTime<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  limit: { readonly timeoutMs: number; readonly sleep: Sleep; readonly toError: () => Error },
): Promise<Result> {
  const ended = new AbortController();
  const deadline = limit.sleep(limit.timeoutMs, ended.signal).then(() => {
    throw limit.toError();
  });
  try {
    return await Promise.race([work(ended.signal), deadline]);
  } finally {
    ended.abort();
  }
}
