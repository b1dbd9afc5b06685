/** Whether two credentials are one. */

interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

/** True if both sign alike, whatever is known of their expiry. */
export function isSameKey(one: AccessKey, other: AccessKey): boolean {
  return (
    one.accessKeyId === other.accessKeyId &&
    one.accessKeySecret === other.accessKeySecret &&
    one.securityToken === other.securityToken
  );
}
