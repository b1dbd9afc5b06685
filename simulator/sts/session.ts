/** Opens a session of a role: makes its credentials and registers them in the simulated cloud. */
import type { RamPolicy } from '../../src/session-policy/ram-policy.ts';
import type { Role, SimulatedCloud } from '../cloud.ts';

export interface SessionOptions {
  readonly cloud: SimulatedCloud;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly role: Role;
  readonly roleSessionName: string;
  readonly durationSeconds: number;
  readonly sessionPolicy?: RamPolicy | undefined;
  readonly sourceIdentity?: string | undefined;
}

/** The part that the answers of AssumeRole and AssumeRoleWithOIDC share. */
export interface SessionAnswer {
  readonly AssumedRoleUser: { readonly AssumedRoleId: string; readonly Arn: string };
  readonly Credentials: {
    readonly AccessKeyId: string;
    readonly AccessKeySecret: string;
    readonly SecurityToken: string;
    /** UTC, whole seconds. */
    readonly Expiration: string;
  };
  readonly SourceIdentity?: string;
}

/** The session may do what the role's policies and the session policy both allow. */
export function openSession(options: SessionOptions): SessionAnswer {
  const { cloud, randomBytes, role, roleSessionName, sessionPolicy, sourceIdentity } = options;
  const accessKeyId = `STS.${readableText(randomBytes(24))}`;
  const accessKeySecret = readableText(randomBytes(44));
  // About as long as a real one, with characters that must be encoded in URLs.
  const securityToken = `CAIS${Buffer.from(randomBytes(537)).toString('base64')}`;
  const { longestSessionSeconds = options.durationSeconds } = cloud;
  const lifeSeconds = Math.min(options.durationSeconds, longestSessionSeconds);
  const expiresAtMs = Math.floor(cloud.now() / 1000 + lifeSeconds) * 1000;
  cloud.identities.set(accessKeyId, {
    accessKeyId,
    accessKeySecret,
    securityToken,
    expiresAtMs,
    arn: `${role.arn.replace(':role/', ':assumed-role/')}/${roleSessionName}`,
    policies: sessionPolicy === undefined ? [role.policies] : [role.policies, [sessionPolicy]],
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  });
  return {
    AssumedRoleUser: {
      AssumedRoleId: `${entityId(role.arn)}:${roleSessionName}`,
      Arn: `${role.arn}/${roleSessionName}`,
    },
    Credentials: {
      AccessKeyId: accessKeyId,
      AccessKeySecret: accessKeySecret,
      SecurityToken: securityToken,
      Expiration: new Date(expiresAtMs).toISOString().replace('.000Z', 'Z'),
    },
    ...(sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity }),
  };
}

/** The number that RAM gives to a user or role; here it depends only on the ARN. */
export function entityId(arn: string): string {
  let id = 3n;
  for (const byte of Buffer.from(arn)) id = (id * 257n + BigInt(byte)) % 10n ** 18n;
  return id.toString().padStart(18, '3');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The distribution is slightly uneven, which does not matter for simulated keys. */
function readableText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
}
