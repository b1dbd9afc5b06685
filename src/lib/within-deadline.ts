/** Adds a deadline to work that has none. */

/**
 * Returns the result of the work, or throws the error of `toError` after `timeoutMs`. The work is
 * not stopped: its later result or error is ignored.
 */
export async function withinDeadline<Result>(
  work: Promise<Result>,
  timeoutMs: number,
  toError: () => Error,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(toError()), timeoutMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
    // an unhandled error after the deadline would end the process
    work.catch(() => {});
  }
}
