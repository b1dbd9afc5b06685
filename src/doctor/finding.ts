/** What one check of the doctor found. */

export interface Finding {
  /** What was checked, e.g. `issuer app`. */
  readonly check: string;
  readonly status: 'ok' | 'failed' | 'skipped';
  /** What was seen; why, for a check that was skipped. */
  readonly saw: string;
  /** Present exactly if it failed. */
  readonly cause?: string;
  readonly fix?: string;
  /** A page of Alibaba Cloud. */
  readonly link?: string;
}

export const ok = (check: string, saw: string): Finding => ({ check, status: 'ok', saw });

export const skipped = (check: string, saw: string): Finding => ({
  check,
  status: 'skipped',
  saw,
});

export function failed(
  check: string,
  details: {
    readonly saw: string;
    readonly cause: string;
    readonly fix: string;
    readonly link?: string;
  },
): Finding {
  return { check, status: 'failed', ...details };
}
