/** What the server of the playground answers, as the page reads it. */

/** A problem or a warning of the config, with its place. */
export interface ToldProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** Somebody to sign in as. */
export interface Caller {
  readonly label: string;
  readonly issuer: string;
  /** What this caller comes for. Absent: whatever fits. */
  readonly grant?: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Answers `GET /start`. */
export interface Start {
  readonly file: string;
  readonly text: string;
}

/** Answers `POST /check`. The lists are empty where the config does not load. */
export interface Checked {
  readonly problems: readonly ToldProblem[];
  readonly warnings: readonly ToldProblem[];
  readonly issuers: readonly string[];
  readonly grants: readonly string[];
  readonly callers: readonly Caller[];
}

export type StepName =
  | 'verify'
  | 'limit the caller'
  | 'match'
  | 'narrow'
  | 'render'
  | 'limit the request'
  | 'assume'
  | 'record';

export interface Step {
  readonly name: StepName;
  readonly state: 'passed' | 'refused' | 'not reached';
  /** What the step found, or why it refuses. */
  readonly says: readonly string[];
}

/** One grant of the token's issuer, what became of it, and what its conditions and attributes saw. */
export interface GrantFate {
  readonly grant: string;
  readonly fate:
    | 'chosen'
    | 'fits too'
    | 'does not fit'
    | 'does not reach the target'
    | 'is not the one asked for'
    | 'is in report mode';
  readonly why?: string;
  readonly conditions: readonly {
    readonly claim: string;
    readonly wants: string;
    readonly saw: string;
    readonly holds: boolean;
    readonly isReport: boolean;
  }[];
  readonly attributes: readonly {
    readonly name: string;
    readonly values: readonly string[];
    readonly valueCount: number;
    readonly problem?: string;
  }[];
}

export interface IssuedKeys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  readonly expiration: string;
}

/** Answers `POST /ask`. */
export interface Asked {
  readonly outcome: 'granted' | 'refused';
  /** The answer of the broker to the caller, without the secrets of a credential. */
  readonly answer: { readonly status: number; readonly text: string };
  readonly steps: readonly Step[];
  readonly grants: readonly GrantFate[];
  readonly policy?: { readonly text: string; readonly bytes: number; readonly maxBytes: number };
  /** What the credential is for: `oss://bucket/prefix/`. */
  readonly targets: readonly string[];
  readonly keys?: IssuedKeys;
  /** The line of the audit log. */
  readonly audit: string;
  readonly oss: { readonly endpoint: string; readonly regions: Readonly<Record<string, string>> };
}

export const PERMISSIONS = ['read', 'write', 'list', 'delete'] as const;
export type TreePermission = (typeof PERMISSIONS)[number];

/** A bucket, a prefix or an object. */
export interface Place {
  readonly kind: 'bucket' | 'prefix' | 'object';
  readonly bucket: string;
  /** The key or the prefix; empty for the bucket. */
  readonly key: string;
  /** The last part of the name. */
  readonly name: string;
  /** 0 for a bucket. */
  readonly depth: number;
  readonly may: Readonly<Record<TreePermission, boolean>>;
  readonly isStored: boolean;
}

/** Answers `POST /tree`. */
export interface Tree {
  /** Each place after the one that it is in. */
  readonly places: readonly Place[];
}
