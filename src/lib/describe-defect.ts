/** What may be told of an error that nobody threw on purpose. */

/** The kind and the place of a defect. The message is left out: it may quote anything. */
export function describeDefect(error: unknown): string {
  if (!(error instanceof Error)) return 'something other than an Error was thrown';
  // the stack repeats the message, and a line of the message may look like a place
  const frames = error.stack?.replace(error.message, '').split('\n');
  const place = frames?.find((line) => line.trimStart().startsWith('at '));
  return `${error.name} ${place?.trim() ?? ''}`.trimEnd();
}
