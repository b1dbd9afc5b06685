/** Checks the names of OSS buckets. */

/** https://www.alibabacloud.com/help/en/oss/user-guide/bucket-naming-conventions */
const BUCKET_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** True for 3 to 63 lower-case letters, digits and hyphens, with no hyphen at either end. */
export function isBucketName(text: string): boolean {
  return BUCKET_NAME.test(text);
}
