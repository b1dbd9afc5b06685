/** The refusal of a subject token whose issuer the config does not trust. */
import type { TrustedIssuer } from '../config/config.ts';
import { boundedText } from '../lib/bounded-text.ts';
import { type RefusalError, refuse } from '../refusal.ts';
import { createIssuerHint } from './issuer-hint.ts';

const MAX_LENGTH = 200;

/**
 * Makes the function that makes the refusal `issuer_untrusted`. It shows the unverified `iss` to an
 * operator who may have mistyped it in the config.
 */
export function createUntrustedIssuer(
  issuers: readonly TrustedIssuer[],
): (iss: unknown) => RefusalError {
  const hintAt = createIssuerHint(issuers);

  return function untrustedIssuer(iss) {
    const hint = hintAt(iss);
    return refuse({
      reason: 'issuer_untrusted',
      claimedIssuer:
        typeof iss === 'string' ? boundedText(iss, MAX_LENGTH, 'tokens and secrets') : typeof iss,
      ...(hint === undefined ? {} : { hint }),
    });
  };
}
