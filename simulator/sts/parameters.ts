/** Checks the parameters of AssumeRole and AssumeRoleWithOIDC as documented. */
import type { RamPolicy } from '../../src/session-policy/ram-policy.ts';
import { stsError } from './error.ts';
import { parseSessionPolicy } from './policy-grammar.ts';

export interface AssumeRoleParameters {
  readonly roleArn: string;
  readonly roleSessionName: string;
  /** At least 900; the role's own maximum is checked once the role is known. */
  readonly durationSeconds: number;
  readonly sessionPolicy?: RamPolicy;
}

const ROLE_ARN = /^acs:ram::\d+:role\/[A-Za-z0-9._-]{1,64}$/;
const ROLE_SESSION_NAME = /^[A-Za-z0-9.@_-]{2,64}$/;
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;
/** Needs no check for reserved prefixes such as `acs:`, because it allows no colon. */
const SOURCE_IDENTITY = /^[\w+=,.@-]{2,64}$/;
const MIN_DURATION_SECONDS = 900;
const DEFAULT_DURATION_SECONDS = 3600;
const POLICY_LIMIT_BYTES = 2048;

/**
 * Reads the parameters that both actions share. Throws StsError for the first wrong parameter.
 * https://www.alibabacloud.com/help/en/ram/api-assumerole
 */
export function readAssumeRoleParameters(
  parameters: ReadonlyMap<string, string>,
): AssumeRoleParameters {
  const roleArn = parameters.get('RoleArn');
  if (roleArn === undefined || roleArn === '') throw stsError('MissingRoleArn');
  if (!ROLE_ARN.test(roleArn)) throw stsError('InvalidParameter.RoleArn');

  const roleSessionName = parameters.get('RoleSessionName');
  if (roleSessionName === undefined || roleSessionName === '') {
    throw stsError('MissingRoleSessionName');
  }
  if (!ROLE_SESSION_NAME.test(roleSessionName)) throw stsError('InvalidParameter.RoleSessionName');

  const durationSeconds = readDurationSeconds(parameters.get('DurationSeconds'));
  const policy = parameters.get('Policy');
  if (policy === undefined) return { roleArn, roleSessionName, durationSeconds };
  if (Buffer.byteLength(policy) >= POLICY_LIMIT_BYTES) {
    throw stsError('InvalidParameter.PolicySize');
  }
  const sessionPolicy = parseSessionPolicy(policy);
  return { roleArn, roleSessionName, durationSeconds, sessionPolicy };
}

/** Throws StsError for an ExternalId outside its grammar; it is optional. */
export function readExternalId(parameters: ReadonlyMap<string, string>): string | undefined {
  const externalId = parameters.get('ExternalId');
  if (externalId !== undefined && !EXTERNAL_ID.test(externalId)) {
    throw stsError('InvalidParameter.ExternalId');
  }
  return externalId;
}

/** Throws StsError for a SourceIdentity outside its grammar; it is optional. */
export function readSourceIdentity(parameters: ReadonlyMap<string, string>): string | undefined {
  const sourceIdentity = parameters.get('SourceIdentity');
  if (sourceIdentity !== undefined && !SOURCE_IDENTITY.test(sourceIdentity)) {
    throw stsError('InvalidParameter.SourceIdentity');
  }
  return sourceIdentity;
}

/** Throws StsError for a duration beyond the role's maximum. */
export function checkMaxDuration(durationSeconds: number, maxSeconds: number): void {
  if (durationSeconds <= maxSeconds) return;
  throw stsError(
    'InvalidParameter.DurationSeconds',
    `The Min/Max value of DurationSeconds is 15min/${maxSeconds / 3600}hr.`,
  );
}

function readDurationSeconds(text: string | undefined): number {
  if (text === undefined) return DEFAULT_DURATION_SECONDS;
  const durationSeconds = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (durationSeconds < MIN_DURATION_SECONDS) throw stsError('InvalidParameter.DurationSeconds');
  return durationSeconds;
}
