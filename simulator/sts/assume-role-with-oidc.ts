/** AssumeRoleWithOIDC of the simulated STS: an unsigned call, authenticated by a token of an OIDC provider. */
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { OidcProvider, SimulatedCloud } from '../cloud.ts';
import { stsError } from './error.ts';
import { checkMaxDuration, readAssumeRoleParameters } from './parameters.ts';
import { openSession, type SessionAnswer } from './session.ts';

const PROVIDER_ARN = /^acs:ram::\d+:oidc-provider\/[A-Za-z0-9._-]{1,128}$/;

export interface OidcSessionAnswer extends SessionAnswer {
  readonly OIDCTokenInfo: Readonly<Record<string, string>>;
}

/**
 * Opens a session for the holder of a token that the role trusts. Throws StsError.
 * https://www.alibabacloud.com/help/en/ram/api-assumerolewithoidc
 */
export async function assumeRoleWithOidc(options: {
  readonly cloud: SimulatedCloud;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly parameters: ReadonlyMap<string, string>;
}): Promise<OidcSessionAnswer> {
  const { cloud, randomBytes, parameters } = options;
  const providerArn = parameters.get('OIDCProviderArn');
  if (providerArn === undefined) throw stsError('MissingOIDCProviderArn');
  if (!PROVIDER_ARN.test(providerArn)) throw stsError('InvalidParameter.OIDCProviderArn');
  const token = parameters.get('OIDCToken');
  if (token === undefined) throw stsError('MissingOIDCToken');
  if (token.length < 4 || token.length > 20_000) throw stsError('InvalidParameter.OIDCToken');
  const { roleArn, ...session } = readAssumeRoleParameters(parameters);

  const provider = cloud.oidcProviders.get(providerArn);
  if (provider === undefined) throw stsError('EntityNotExist.OIDCProvider');
  const claims = await verifyToken(provider, token, cloud.now());
  const role = cloud.roles.get(roleArn);
  if (role === undefined) throw stsError('EntityNotExist.Role');
  if (!role.trustedArns.includes(providerArn)) throw stsError('NoPermission');
  checkMaxDuration(session.durationSeconds, role.maxSessionDurationSeconds);
  return {
    ...openSession({ cloud, randomBytes, role, ...session }),
    OIDCTokenInfo: {
      Issuer: provider.issuer,
      Subject: claims.sub ?? '',
      ClientIds: [claims.aud ?? []].flat().join(','),
      IssuanceTime: formatSeconds(claims.iat ?? 0),
      ExpirationTime: formatSeconds(claims.exp ?? 0),
      VerificationInfo: 'Success',
    },
  };
}

async function verifyToken(
  provider: OidcProvider,
  token: string,
  nowMs: number,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(provider.jwks), {
      issuer: provider.issuer,
      audience: [...provider.audiences],
      algorithms: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'],
      requiredClaims: ['exp', 'iat', 'sub'],
      currentDate: new Date(nowMs),
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw stsError('AuthenticationFail.OIDCToken.Expired');
    if (error instanceof errors.JOSEError) throw stsError('AuthenticationFail.OIDCToken.Invalid');
    throw error;
  }
}

function formatSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
