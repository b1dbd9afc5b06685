/** What anybody would write to verify a bearer token with jose. */
import { createLocalJWKSet, type JWTPayload, jwtVerify } from 'jose';
import type { Setup } from '../setup.ts';

export function createVerifyBearer({ jwks, issuer, audience }: Setup) {
  const keys = createLocalJWKSet(jwks);
  return async (authorization: string | undefined): Promise<JWTPayload> => {
    const token = authorization?.slice('Bearer '.length) ?? '';
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ['ES256', 'RS256'],
      requiredClaims: ['exp', 'iat', 'sub'],
    });
    return payload;
  };
}
