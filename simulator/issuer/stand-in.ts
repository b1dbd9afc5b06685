/** Stands in for one trusted issuer of a config: signs tokens with any claims, and lets pages sign in. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { importJWK, SignJWT } from 'jose';
import type { TrustedIssuer } from '../../src/config/config.ts';
import type { Claims } from './claims-text.ts';
import { createPageSignIn } from './page-sign-in.ts';
import { createSigningKey } from './signing-key.ts';

/** The part of a trusted issuer that its tokens depend on. */
export type StoodInIssuer = Pick<
  TrustedIssuer,
  'name' | 'issuer' | 'audiences' | 'algorithms' | 'types'
>;

export interface StandIn {
  /** Signs a token with the issuer's `iss` and `aud` and with these claims, which count for more. */
  sign(claims: Claims): Promise<string>;
  /** Answers a request whose path begins with the name of the issuer. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const TOKEN_LIFE_SECONDS = 3600;
/** Who signs in if nobody is named. */
const SUBJECT = 'alice';

/** `origins` are those whose pages may sign in. Tokens live an hour unless `exp` is chosen. */
export async function createStandIn(
  issuer: StoodInIssuer,
  origins: readonly string[],
): Promise<StandIn> {
  const { name } = issuer;
  const [audience = ''] = issuer.audiences;
  const [algorithm = 'RS256'] = issuer.algorithms;
  const [type = 'jwt'] = issuer.types;
  const typ = type === 'jwt' ? 'JWT' : type;
  const kid = `simulated-${name}`;
  const jwk = createSigningKey(algorithm, kid);
  const key = await importJWK(jwk, algorithm);

  async function sign(claims: Claims): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all = {
      iss: issuer.issuer,
      aud: audience,
      sub: SUBJECT,
      iat: now,
      exp: now + TOKEN_LIFE_SECONDS,
      jti: randomUUID(),
      ...claims,
    };
    return new SignJWT(all).setProtectedHeader({ alg: algorithm, typ, kid }).sign(key);
  }

  const handle = createPageSignIn({
    issuerName: name,
    issuer: issuer.issuer,
    audience,
    algorithm,
    typ,
    jwk,
    origins,
    subject: SUBJECT,
    tokenLifeSeconds: TOKEN_LIFE_SECONDS,
  });
  return { sign, handle };
}
