/** Reads the query of a request as it was sent. */

/** Without its `?`. Empty if there is none. */
export function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
}
