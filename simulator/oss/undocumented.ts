/** What the documentation of OSS leaves open about policies; the simulator takes either answer. */

export interface Undocumented {
  /**
   * True: GetObject and HeadObject through a symbolic link need `oss:GetObject` on the destination too.
   * The documentation says only that the ACLs of both are checked.
   * https://www.alibabacloud.com/help/en/oss/developer-reference/putsymlink
   */
  readonly isPolicyAppliedToDestination: boolean;
  /**
   * True: the condition key `oss:x-oss-object-acl` has the value of the form field of PostObject.
   * The documentation speaks of the header.
   * https://www.alibabacloud.com/help/en/oss/developer-reference/postobject
   */
  readonly isFormAclAConditionKey: boolean;
}

/** The answers that give a caller most. */
export const WORST_CASE: Undocumented = {
  isPolicyAppliedToDestination: false,
  isFormAclAConditionKey: false,
};
