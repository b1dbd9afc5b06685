/** Bounds the header lines of a request, so that Node never drops one of them unnoticed. */

/** The default limit of Apache: https://httpd.apache.org/docs/2.4/mod/core.html#limitrequestfields */
export const MAX_HEADER_LINES = 100;

/** True if the list is longer than the limit. `rawHeaders` has two entries for each line. */
export function hasTooManyHeaderLines(rawHeaders: readonly string[]): boolean {
  return rawHeaders.length > 2 * MAX_HEADER_LINES;
}
