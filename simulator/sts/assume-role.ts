/** AssumeRole of the simulated STS: decides who may open a session of which role. */
import { evaluatePolicy } from '../../src/session-policy/evaluate.ts';
import type { Identity, Role, SimulatedCloud } from '../cloud.ts';
import { stsError } from './error.ts';
import {
  checkMaxDuration,
  readAssumeRoleParameters,
  readExternalId,
  readSourceIdentity,
} from './parameters.ts';
import { openSession, type SessionAnswer } from './session.ts';

const UNTRUSTED =
  'No permission perform sts:AssumeRole on this Role. Maybe you are not authorized to perform sts:AssumeRole or the specified role does not trust you';

/**
 * Opens a session for a caller whose signature is already verified. Throws StsError.
 * https://www.alibabacloud.com/help/en/ram/api-assumerole
 */
export function assumeRole(options: {
  readonly cloud: SimulatedCloud;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly caller: Identity;
  readonly parameters: ReadonlyMap<string, string>;
}): SessionAnswer {
  const { cloud, randomBytes, caller } = options;
  if (isRoot(caller.arn)) {
    throw stsError('NoPermission', 'Roles may not be assumed by root accounts.');
  }
  const { roleArn, ...session } = readAssumeRoleParameters(options.parameters);
  const externalId = readExternalId(options.parameters);
  const sourceIdentity = readSourceIdentity(options.parameters) ?? caller.sourceIdentity;

  if (!mayCallAssumeRole(caller, roleArn)) throw stsError('NoPermission');
  const role = cloud.roles.get(roleArn);
  if (role === undefined) throw stsError('EntityNotExist.Role');
  if (!trusts(role, caller.arn)) throw stsError('NoPermission', UNTRUSTED);
  if (role.externalId !== undefined && role.externalId !== externalId) {
    throw stsError('NoPermission', UNTRUSTED);
  }
  if (role.externalIds !== undefined && !role.externalIds.includes(externalId ?? '')) {
    throw stsError('NoPermission', UNTRUSTED);
  }
  if (caller.sourceIdentity !== undefined && caller.sourceIdentity !== sourceIdentity) {
    throw stsError('NoPermission', UNTRUSTED);
  }
  checkMaxDuration(session.durationSeconds, role.maxSessionDurationSeconds);
  return openSession({ cloud, randomBytes, role, ...session, sourceIdentity });
}

function isRoot(arn: string): boolean {
  return /^acs:ram::\d+:root$/.test(arn);
}

/** The caller's side: its own policies. RAM writes the role's region as a wildcard here. */
function mayCallAssumeRole(caller: Identity, roleArn: string): boolean {
  const request = {
    action: 'sts:AssumeRole',
    resource: roleArn.replace('acs:ram::', 'acs:ram:*:'),
    context: {},
  };
  return (
    caller.policies.length > 0 &&
    caller.policies.every((policies) => evaluatePolicy(policies, request) === 'Allow')
  );
}

/** The role's side: its trust policy names the caller, the role of a session, or the whole account. */
function trusts(role: Role, callerArn: string): boolean {
  const names = [
    callerArn,
    callerArn.replace(/:assumed-role\/([^/]+)\/.*$/, ':role/$1'),
    callerArn.replace(/^(acs:ram::\d+:).*$/, '$1root'),
  ];
  return role.trustedArns.some((arn) => names.includes(arn));
}
