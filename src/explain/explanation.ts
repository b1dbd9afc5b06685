/** What an explanation holds: plain data, printed as text or as JSON. */
import type { AuditFacts } from '../audit/line.ts';
import type { RamPolicy } from '../session-policy/ram-policy.ts';

/** A step of the pipeline that holds, that refuses, or that was not taken. */
export interface Check {
  readonly step:
    | 'form'
    | 'issuer'
    | 'header'
    | 'signature'
    | 'claims'
    | 'kill switches'
    | 'request';
  readonly result: 'holds' | 'refuses' | 'not checked';
  /** What the step saw, bounded. */
  readonly saw: string;
}

export interface RefusalExplained {
  readonly reason: string;
  /** Cause, and what to do. */
  readonly meaning: string;
  /** The facts of the refusal, as the audit line has them. */
  readonly why: Readonly<Record<string, unknown>>;
}

export interface ConditionSeen {
  readonly claim: string;
  /** e.g. `equals true` */
  readonly wants: string;
  /** The claim's value as bounded JSON, or `nothing`. */
  readonly saw: string;
  readonly holds: boolean;
  /** True: it is audited and does not decide. */
  readonly isReport: boolean;
}

export interface AttributeSeen {
  readonly name: string;
  readonly claim: string;
  readonly saw: string;
  /** What stands in the target: the first values. Empty: there is a problem. */
  readonly values: readonly string[];
  readonly valueCount: number;
  readonly problem?: string;
}

export type Fate =
  | 'chosen'
  | 'fits too'
  | 'does not fit'
  | 'does not reach the target'
  | 'is not the one asked for'
  | 'is in report mode';

export interface GrantSeen {
  readonly grant: string;
  readonly fate: Fate;
  readonly why?: string;
  readonly conditions: readonly ConditionSeen[];
  readonly attributes: readonly AttributeSeen[];
}

/** `oss://bucket/key` is `inside` what the credential reaches, or a `neighbour` of it, or was `asked` about. */
export interface SampleKey {
  readonly key: string;
  readonly is: 'inside' | 'neighbour' | 'asked';
}

export interface OperationVerdicts {
  readonly operation: string;
  readonly action: string;
  /** For each sample key, in their order. */
  readonly allowed: readonly boolean[];
}

/** What the credential may do, by its session policy alone. */
export interface Operations {
  readonly keys: readonly SampleKey[];
  readonly verdicts: readonly OperationVerdicts[];
  /** The address that the requests are thought to come from, if the policy restricts it. */
  readonly sourceAddress?: string;
}

export interface Given {
  readonly grant: string;
  readonly roleArn: string;
  readonly externalId?: string;
  readonly roleSessionName: string;
  readonly targets: readonly { readonly target: string; readonly permissions: readonly string[] }[];
  readonly durationSeconds: number;
  readonly sourceIps?: readonly string[];
  readonly policy: RamPolicy;
  readonly policyBytes: number;
  readonly policyLimit: number;
  readonly sessionPolicySha256: string;
  readonly operations: Operations;
}

export interface Explanation {
  readonly outcome: 'granted' | 'refused';
  readonly configRevision: string;
  /** ISO instant of the clock that decided. */
  readonly at: string;
  readonly issuerName?: string;
  readonly subject?: string;
  readonly checks: readonly Check[];
  readonly grants: readonly GrantSeen[];
  /** How many grants the issuer has, if `grants` leaves some out. */
  readonly grantCount?: number;
  readonly reported?: NonNullable<AuditFacts['reported']>;
  readonly refusal?: RefusalExplained;
  readonly given?: Given;
  /** Registered claims that the file of claims left out, and what stands for them. */
  readonly assumed?: readonly string[];
}
