/** A deadline for work that has no deadline of its own. */

/**
 * The result of the work, or the error of `toError` after `timeoutMs`. The work is not stopped: its
 * later result is ignored, and its later failure too.
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
    // a failure after the deadline has nobody left to hear it, and would end the process
    work.catch(() => {});
  }
}
