/** Types of a RAM policy document, version "1", and of the request that it is evaluated against. */

/** https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax */
export interface RamPolicy {
  readonly Version: '1';
  readonly Statement: readonly RamStatement[];
}

export interface RamStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: RamConditions;
}

/** Operator -> key -> values. Operators and keys are ANDed, the values of one key are ORed. */
export type RamConditions = Readonly<
  Record<string, Readonly<Record<string, string | readonly string[]>>>
>;

/** One request as RAM evaluates it. */
export interface AccessRequest {
  /** e.g. `oss:PutObject` */
  readonly action: string;
  /** e.g. `acs:oss:*:123456789012:bucket/key` */
  readonly resource: string;
  /** Condition keys of this request, e.g. `oss:Prefix`. Keys that were not sent are absent. */
  readonly context: Readonly<Record<string, string | undefined>>;
}
