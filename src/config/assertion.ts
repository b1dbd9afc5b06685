/** What the operator asserts about everything that a config can ever issue. It is checked when the config loads, and not kept. */
import type { Permission } from './config.ts';

export interface Assertion {
  /** `never`: nobody can get it, on any part of the target. `always`: somebody can, on all of the target. */
  readonly kind: 'never' | 'always';
  /** The name of a trusted issuer. Absent: any. */
  readonly issuer?: string;
  /** The name of a grant. Absent: any. */
  readonly grant?: string;
  /** Absent, and `action` too: anything. */
  readonly permission?: Permission;
  /** An OSS action. */
  readonly action?: string;
  /** Absent: any place. */
  readonly target?: { readonly bucket: string; readonly key: string };
}
