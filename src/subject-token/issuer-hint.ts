/** Says which trusted issuer an untrusted one nearly is. Only a text for the operator depends on it. */
import type { TrustedIssuer } from '../config/config.ts';

/** Returns undefined if no trusted issuer is near. */
export type HintAtIssuer = (iss: unknown) => string | undefined;

/**
 * Makes the function that compares an `iss` with the trusted issuers, without regard to case and to
 * trailing slashes.
 */
export function createIssuerHint(issuers: readonly TrustedIssuer[]): HintAtIssuer {
  const near: ReadonlyMap<string, TrustedIssuer> = new Map(
    issuers.map((issuer) => [withoutSlash(issuer.issuer).toLowerCase(), issuer]),
  );

  return function hintAtIssuer(iss) {
    if (typeof iss !== 'string') return undefined;
    const found = near.get(withoutSlash(iss).toLowerCase());
    if (found === undefined) return undefined;
    const differences = [
      ...(withoutSlash(iss) === withoutSlash(found.issuer) ? [] : ['case']),
      ...(iss.endsWith('/') === found.issuer.endsWith('/') ? [] : ['a trailing slash']),
    ];
    return `differs from issuer "${found.name}" by ${differences.join(' and ')} alone`;
  };
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}
