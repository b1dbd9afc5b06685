/** Describes an unexpected error without its message. */

/** Returns the name of the error and where it was thrown. The message may quote a secret. */
export function describeDefect(error: unknown): string {
  if (!(error instanceof Error)) return 'something other than an Error was thrown';
  // the stack repeats the message, and a line of the message may look like a stack frame
  const frames = error.stack?.replace(error.message, '').split('\n');
  const place = frames?.find((line) => line.trimStart().startsWith('at '));
  return `${error.name} ${place?.trim() ?? ''}`.trimEnd();
}
