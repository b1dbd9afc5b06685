/** Gives an answer the headers that clients of S3 read. */

/**
 * The metadata get the names of S3, and the request id has both: a page of OSS shows the one, AWS
 * clients report the other. That the rest keep their names, and that lists have the page size of OSS
 * and not the 1,000 of S3, are assumptions.
 */
export function toS3Headers(headers: Readonly<Record<string, string>>): Record<string, string> {
  const renamed = Object.entries(headers).map(([name, value]): [string, string] => [
    name.replace(/^x-oss-meta-/, 'x-amz-meta-'),
    value,
  ]);
  const requestId = headers['x-oss-request-id'];
  return {
    ...Object.fromEntries(renamed),
    ...(requestId === undefined ? {} : { 'x-amz-request-id': requestId }),
  };
}
