/** Limits the time of abortable work, measured by a sleep function that is passed in. */

/** Waits for the delay, or rejects as soon as the signal aborts. */
export type Sleep = (delayMs: number, signal: AbortSignal) => Promise<unknown>;

/**
 * Returns the result of the work, or throws the error of `toError` after `timeoutMs`. The signal of
 * the work aborts in both cases.
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
