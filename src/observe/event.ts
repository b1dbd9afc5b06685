/** Events for the operator that are not decisions about one request. */

/** Contains no secret. Every `problem` is a text for the operator. */
export type OperationalEvent =
  // the keys of trusted issuers
  | {
      readonly kind: 'keys_loaded';
      readonly issuerName: string;
      readonly keys: number;
      /** Why some keys of the set were left out. */
      readonly dropped: readonly string[];
    }
  | { readonly kind: 'key_refresh_failed'; readonly issuerName: string; readonly problem: string }
  // STS
  | { readonly kind: 'sts_throttled' }
  | { readonly kind: 'circuit_opened'; readonly problem: string }
  | { readonly kind: 'circuit_closed' }
  // the source credentials
  | {
      readonly kind: 'source_credentials_used';
      readonly source: string;
      readonly isTemporary: boolean;
      /** Milliseconds since the epoch. Absent: no expiry, or unknown. */
      readonly expiresAtMs?: number;
      /** Whether the source renews them by itself. */
      readonly isRenewed: boolean;
    }
  | {
      readonly kind: 'source_credentials_failed';
      readonly source: string;
      readonly problem: string;
    }
  | { readonly kind: 'source_credentials_refused'; readonly problem: string }
  // the store of limits
  | { readonly kind: 'store_lost'; readonly problem: string }
  | { readonly kind: 'store_back' }
  // the config
  | { readonly kind: 'config_applied'; readonly revision: string }
  | { readonly kind: 'config_refused'; readonly problem: string; readonly revisionInUse: string }
  | { readonly kind: 'config_warning'; readonly warning: string }
  | { readonly kind: 'restart_needed'; readonly section: string }
  // the audit log
  | { readonly kind: 'audit_failed'; readonly problem: string }
  | { readonly kind: 'audit_lines_lost'; readonly lines: number }
  // the collector of traces and metrics
  | { readonly kind: 'export_failed'; readonly problem: string }
  | { readonly kind: 'export_works' };

/** Receives an event. Must not throw, and must not wait. */
export type Observe = (event: OperationalEvent) => void;
