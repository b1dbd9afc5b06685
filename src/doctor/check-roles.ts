/** Assumes each role with a session policy that allows nothing. */
import type { Grant } from '../config/config.ts';
import type { AssumedRole, AssumeRole } from '../ports.ts';
import { RefusalError } from '../refusal.ts';
import { type Finding, failed, ok } from './finding.ts';

const HARMLESS = JSON.stringify({
  Version: '1',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
});

/** One AssumeRole: a role, with one of the external IDs that grants send. */
interface Use {
  readonly roleArn: string;
  readonly externalId: string | undefined;
  readonly durationSeconds: number;
  readonly grants: readonly string[];
}

/** Each role once for each external ID, for the longest duration of its grants. */
export function listUses(grants: readonly Grant[]): readonly Use[] {
  const uses = new Map<string, Use>();
  for (const { role, externalId, duration, name } of grants) {
    const key = JSON.stringify([role, externalId]);
    const known = uses.get(key);
    uses.set(key, {
      roleArn: role,
      externalId,
      durationSeconds: Math.max(known?.durationSeconds ?? 0, duration.maxSeconds),
      grants: [...(known?.grants ?? []), name],
    });
  }
  return [...uses.values()];
}

export function nameOfUse({ roleArn, externalId }: Use): string {
  return `role ${roleArn}${externalId === undefined ? '' : ' with external ID'}`;
}

export async function checkRole(
  use: Use,
  assumeRole: AssumeRole,
): Promise<{ readonly finding: Finding; readonly session?: AssumedRole }> {
  const { roleArn, externalId, durationSeconds } = use;
  const check = nameOfUse(use);
  try {
    const session = await assumeRole({
      caller: 'doctor',
      roleArn,
      roleSessionName: 'oss-token-broker-doctor',
      durationSeconds,
      policy: HARMLESS,
      ...(externalId === undefined ? {} : { externalId }),
    });
    const saw = `assumed for ${durationSeconds} s, with a policy that denies all`;
    return { finding: ok(check, saw), session };
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return { finding: failed(check, explain(error, use)) };
  }
}

const NO_PERMISSION_PAGE = 'https://www.alibabacloud.com/help/en/ram/api-assumerole';

function explain({ refusal }: RefusalError, { grants }: Use) {
  const names = grants.join(', ');
  switch (refusal.reason) {
    case 'sts_refused': {
      const id = refusal.stsRequestId === undefined ? '' : `, request ${refusal.stsRequestId}`;
      return {
        saw: `STS answered ${refusal.stsCode}${id}`,
        cause: `no credential for ${names}: ${causeOf(refusal.stsCode)}`,
        fix: refusal.hint,
        link: NO_PERMISSION_PAGE,
      };
    }
    case 'source_credentials_unavailable':
      return {
        saw: 'STS does not take the source credentials',
        cause: refusal.problem,
        fix: 'renew them; all parts must be from one answer of STS',
      };
    case 'sts_throttled':
      return {
        saw: 'STS has too many requests',
        cause: 'other programs of the account use up its limit of AssumeRole',
        fix: 'try again later',
      };
    default:
      return {
        saw: 'problem' in refusal ? refusal.problem : refusal.reason,
        cause: 'STS gave no usable answer',
        fix: 'check region and sts in the config, and the network',
      };
  }
}

/** The two sides of a NoPermission look alike, and the hint tells which it is if STS does. */
function causeOf(code: string): string {
  switch (code) {
    case 'NoPermission':
      return 'the policy of the source identity does not allow sts:AssumeRole on the role, or the trust policy of the role does not name the source identity or wants another external ID';
    case 'EntityNotExist.Role':
      return 'there is no such role in its account';
    case 'InvalidParameter.DurationSeconds':
      return 'a grant has a longer maximum than the role';
    default:
      return `STS refuses AssumeRole with ${code}`;
  }
}
