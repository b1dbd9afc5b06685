/** Puts verified subject tokens aside without their signature, and verifies them again later. */
import { createHash, KeyObject } from 'node:crypto';
import type { CryptoKey } from 'jose';
import type { TrustedIssuer } from '../config/config.ts';
import type { JsonObject } from '../lib/strict-json.ts';
import type { Claims, KeptToken, SubjectToken, TokenKeeper } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { checkHeader } from './header.ts';
import type { KnownIssuer } from './keys/kept-issuer-keys.ts';
import type { FoundKey } from './keys/key-set.ts';

/** What a signature proved: this key signed claims under this header. */
interface Proof {
  readonly header: JsonObject;
  readonly key: CryptoKey;
}

/**
 * Makes the keeper of one verifier. `note` remembers the proof of a verified token as long as its claims
 * are in use. Nothing is computed before a token is kept.
 */
export function createTokenKeeper(verifier: {
  /** Throws `issuer_untrusted`. */
  readonly findIssuer: (iss: unknown) => KnownIssuer;
  /** Throws the refusals of the claims. */
  readonly toSubjectToken: (
    issuer: TrustedIssuer,
    claims: Claims,
    found: FoundKey,
    endsAt: number,
  ) => SubjectToken;
}): TokenKeeper & { readonly note: (claims: Claims, proof: Proof) => void } {
  const proofs = new WeakMap<Claims, Proof>();

  return {
    note: (claims, proof) => {
      proofs.set(claims, proof);
    },
    keep({ claims }) {
      const proof = proofs.get(claims);
      if (proof === undefined) throw new Error('another verifier verified this token');
      return { header: pickHeader(proof.header), keyThumbprint: thumbprint(proof.key), claims };
    },
    async verifyKept({ header, keyThumbprint, claims }, endsAt) {
      const { issuer, keys } = verifier.findIssuer(claims['iss']);
      const found = await keys.find(checkHeader(header, issuer));
      // another key with the same name: the one that signed is no longer the issuer's
      if (thumbprint(found.key) !== keyThumbprint) {
        throw refuse({ reason: 'signature_invalid', issuerName: issuer.name });
      }
      return verifier.toSubjectToken(issuer, claims, found, endsAt);
    },
  };
}

/** `checkHeader` reads nothing else of a header that it accepted. */
function pickHeader({ alg, kid, typ }: JsonObject): KeptToken['header'] {
  return {
    alg: String(alg),
    ...(typeof kid === 'string' ? { kid } : {}),
    ...(typeof typ === 'string' ? { typ } : {}),
  };
}

function thumbprint(key: CryptoKey): string {
  const bytes = KeyObject.from(key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(bytes).digest('base64url');
}
