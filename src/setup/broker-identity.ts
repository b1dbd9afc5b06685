/** Who the broker is: the identity that the config tells, or that the operator names. */
import type { Config } from '../config/config.ts';
import type { SourceCredentialsSettings } from '../config/source-credentials-settings.ts';
import type { TrustPolicy } from './cloud-side.ts';
import { SetupProblem } from './setup-problem.ts';

export interface Identity {
  readonly arn: string;
  readonly account: string;
  readonly kind: 'role' | 'user';
  readonly name: string;
}

const IDENTITY = /^acs:ram::(\d{5,20}):(role|user)\/([A-Za-z0-9.@_-]{1,64})$/;
const EXAMPLE = 'acs:ram::123456789012:role/oss-token-broker';

/** Throws a SetupProblem if the identity is unknown, malformed, or not the one of the config. */
export function findBrokerIdentity(config: Config, named: string | undefined): Identity {
  const told = roleOfSettings(config.sourceCredentials);
  if (named !== undefined && told !== undefined && named !== told) {
    throw new SetupProblem(`--broker is not the role of sourceCredentials in the config, ${told}`);
  }
  const arn = named ?? told;
  if (arn === undefined) {
    throw new SetupProblem(
      `--broker is missing: the ARN of the role or user that the broker signs with, such as ${EXAMPLE}`,
    );
  }
  const [, account, kind, name] = IDENTITY.exec(arn) ?? [];
  if (account === undefined || name === undefined || (kind !== 'role' && kind !== 'user')) {
    throw new SetupProblem(
      `--broker must be the ARN of a RAM role or a RAM user, such as ${EXAMPLE}`,
    );
  }
  requireInstanceRole(config.sourceCredentials, kind, name);
  if (config.grants.some(({ role }) => role === arn)) {
    throw new SetupProblem(
      `${arn} is the broker and the role of a grant; a role that may assume itself is no boundary, so give the grant another one`,
    );
  }
  return { arn, account, kind, name };
}

/** The service that opens sessions of the broker's role; undefined if the config does not tell. */
export function brokerTrustPolicy(config: Config, { kind }: Identity): TrustPolicy | undefined {
  if (kind === 'user') return undefined;
  switch (config.sourceCredentials?.type ?? 'function') {
    case 'function':
      return trustService('fc.aliyuncs.com');
    case 'ecs_ram_role':
      return trustService('ecs.aliyuncs.com');
    default:
      return undefined;
  }
}

function trustService(service: string): TrustPolicy {
  return {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: [service] } }],
  };
}

function roleOfSettings(settings: SourceCredentialsSettings | undefined): string | undefined {
  const isRole = settings?.type === 'ram_role_arn' || settings?.type === 'oidc_role_arn';
  return isRole ? settings.role : undefined;
}

function requireInstanceRole(
  settings: SourceCredentialsSettings | undefined,
  kind: Identity['kind'],
  name: string,
): void {
  if (settings?.type !== 'ecs_ram_role') return;
  const { roleName = name } = settings;
  if (kind !== 'role' || roleName !== name) {
    throw new SetupProblem(
      `--broker must be the role of the instance, role/${roleName}, as sourceCredentials says`,
    );
  }
}
