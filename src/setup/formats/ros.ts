/** The account's side as a template of Resource Orchestration Service. */
import type { BrokerIdentity, CloudSide, GrantRole, NamedPolicy } from '../cloud-side.ts';

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
}

type Resources = readonly (readonly [string, Resource])[];

/**
 * Without CORS rules: a template sets those only for a bucket that it creates.
 * https://www.alibabacloud.com/help/en/ros/developer-reference/aliyun-ram-role
 * https://www.alibabacloud.com/help/en/ros/developer-reference/aliyun-ram-managedpolicy
 */
export function formatRos({ broker, roles, notes }: CloudSide): string {
  const resources: Resources = [
    ...brokerResources(broker),
    ...roles.flatMap((role, index) => roleResources(role, `GrantRole${index + 1}`, broker)),
  ];
  const template = {
    ROSTemplateFormatVersion: '2015-09-01',
    ...(notes.length === 0 ? {} : { Description: notes.join(' ') }),
    Resources: Object.fromEntries(resources),
  };
  return `${JSON.stringify(template, undefined, 2)}\n`;
}

function brokerResources(broker: BrokerIdentity): Resources {
  const { kind, name, trustPolicy, policies } = broker;
  const isNew = trustPolicy !== undefined;
  const owner = isNew ? { 'Fn::GetAtt': ['Broker', 'RoleName'] } : name;
  return [
    ...(isNew ? [roleResource('Broker', { name, trustPolicy }, [])] : []),
    ...policies.map((policy, index) =>
      policyResource(`BrokerPolicy${index + 1}`, policy, kind, owner),
    ),
  ];
}

function roleResources(role: GrantRole, id: string, broker: BrokerIdentity): Resources {
  // who is trusted should exist before the trust policy does
  const before = broker.trustPolicy === undefined ? [] : ['Broker'];
  const owner = { 'Fn::GetAtt': [id, 'RoleName'] };
  return [
    roleResource(id, role, before),
    ...role.policies.map((policy, index) =>
      policyResource(`${id}Policy${index + 1}`, policy, 'role', owner),
    ),
  ];
}

function roleResource(
  id: string,
  role: Pick<GrantRole, 'name' | 'trustPolicy'> & Partial<Pick<GrantRole, 'maxSessionSeconds'>>,
  DependsOn: readonly string[],
): readonly [string, Resource] {
  const { name, trustPolicy, maxSessionSeconds } = role;
  return [
    id,
    {
      Type: 'ALIYUN::RAM::Role',
      Properties: {
        RoleName: name,
        AssumeRolePolicyDocument: trustPolicy,
        ...(maxSessionSeconds === undefined ? {} : { MaxSessionDuration: maxSessionSeconds }),
      },
      ...(DependsOn.length === 0 ? {} : { DependsOn }),
    },
  ];
}

function policyResource(
  id: string,
  { name, document }: NamedPolicy,
  kind: BrokerIdentity['kind'],
  owner: string | object,
): readonly [string, Resource] {
  return [
    id,
    {
      Type: 'ALIYUN::RAM::ManagedPolicy',
      Properties: {
        PolicyName: name,
        // the document as it stands
        PolicyDocumentUnchecked: document,
        ...(kind === 'role' ? { Roles: [owner] } : { Users: [owner] }),
      },
    },
  ];
}
