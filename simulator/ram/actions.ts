/** The actions of RAM 2015-05-01 that set up roles and policies, and that read them. */
import { parseSessionPolicy } from '../sts/policy-grammar.ts';
import type { RamAccount, TrustDocument } from './account.ts';
import { missing, RamError } from './ram-error.ts';

type Parameters = ReadonlyMap<string, string>;
type Perform = (account: RamAccount, parameters: Parameters, accountId: string) => object;

export interface RamAction {
  /** What RAM must allow it on, after `acs:ram:*:<account>:`. */
  readonly resource: (parameters: Parameters) => string;
  readonly perform: Perform;
}

/** https://www.alibabacloud.com/help/en/ram/product-overview/limits */
const MAX_POLICY_CHARACTERS = 6144;
const MAX_ATTACHED = 10;

const ofRole = (parameters: Parameters) => `role/${required(parameters, 'RoleName')}`;
const ofUser = (parameters: Parameters) => `user/${required(parameters, 'UserName')}`;
const ofPolicy = (parameters: Parameters) => `policy/${required(parameters, 'PolicyName')}`;

export const ACTIONS: ReadonlyMap<string, RamAction> = new Map<string, RamAction>([
  ['CreateRole', { resource: ofRole, perform: createRole }],
  ['GetRole', { resource: ofRole, perform: getRole }],
  ['GetUser', { resource: ofUser, perform: getUser }],
  ['CreatePolicy', { resource: ofPolicy, perform: createPolicy }],
  ['GetPolicy', { resource: ofPolicy, perform: getPolicy }],
  ['AttachPolicyToRole', { resource: ofRole, perform: attachToRole }],
  ['AttachPolicyToUser', { resource: ofUser, perform: attachToUser }],
  ['ListPoliciesForRole', { resource: ofRole, perform: listForRole }],
  ['ListPoliciesForUser', { resource: ofUser, perform: listForUser }],
]);

function createRole({ roles }: RamAccount, parameters: Parameters): object {
  const name = required(parameters, 'RoleName');
  if (!/^[A-Za-z0-9.@_-]{1,64}$/.test(name)) throw invalid('RoleName');
  if (roles.has(name)) throw exists('Role');
  const seconds = Number(parameters.get('MaxSessionDuration') ?? 3600);
  if (!(seconds >= 3600 && seconds <= 43_200)) throw invalid('MaxSessionDuration');
  const trustPolicy = parseTrust(required(parameters, 'AssumeRolePolicyDocument'));
  roles.set(name, { trustPolicy, maxSessionSeconds: seconds, attached: new Set() });
  return {};
}

function getRole({ roles }: RamAccount, parameters: Parameters, accountId: string): object {
  const name = required(parameters, 'RoleName');
  const role = roles.get(name);
  if (role === undefined) throw missing('Role', name);
  return {
    Role: {
      RoleName: name,
      Arn: `acs:ram::${accountId}:role/${name}`,
      AssumeRolePolicyDocument: JSON.stringify(role.trustPolicy),
      MaxSessionDuration: role.maxSessionSeconds,
    },
  };
}

function getUser({ users }: RamAccount, parameters: Parameters): object {
  const name = required(parameters, 'UserName');
  if (!users.has(name)) throw missing('User', name);
  return { User: { UserName: name } };
}

function createPolicy({ policies }: RamAccount, parameters: Parameters): object {
  const name = required(parameters, 'PolicyName');
  const text = required(parameters, 'PolicyDocument');
  if (!/^[A-Za-z0-9-]{1,128}$/.test(name)) throw invalid('PolicyName');
  if (policies.has(name)) throw exists('Policy');
  if (text.length > MAX_POLICY_CHARACTERS) throw invalid('PolicyDocument.Length');
  policies.set(name, { type: 'Custom', document: parseSessionPolicy(text) });
  return {};
}

function getPolicy({ policies }: RamAccount, parameters: Parameters): object {
  const name = required(parameters, 'PolicyName');
  const policy = policies.get(name);
  if (policy === undefined || policy.type !== required(parameters, 'PolicyType')) {
    throw missing('Policy', name);
  }
  return {
    Policy: { PolicyName: name, PolicyType: policy.type, DefaultVersion: 'v1' },
    DefaultPolicyVersion: {
      VersionId: 'v1',
      IsDefaultVersion: true,
      PolicyDocument: JSON.stringify(policy.document),
    },
  };
}

function attachToRole(account: RamAccount, parameters: Parameters): object {
  const name = required(parameters, 'RoleName');
  const role = account.roles.get(name);
  if (role === undefined) throw missing('Role', name);
  return attach(account, parameters, role.attached);
}

function attachToUser(account: RamAccount, parameters: Parameters): object {
  const name = required(parameters, 'UserName');
  const attached = account.users.get(name);
  if (attached === undefined) throw missing('User', name);
  return attach(account, parameters, attached);
}

function attach({ policies }: RamAccount, parameters: Parameters, attached: Set<string>): object {
  const name = required(parameters, 'PolicyName');
  if (policies.get(name)?.type !== required(parameters, 'PolicyType')) {
    throw missing('Policy', name);
  }
  if (attached.size >= MAX_ATTACHED) {
    throw new RamError(
      409,
      'LimitExceeded.Role.Policy',
      'The count of policies is over the limit.',
    );
  }
  attached.add(name);
  return {};
}

function listForRole(account: RamAccount, parameters: Parameters): object {
  const name = required(parameters, 'RoleName');
  const role = account.roles.get(name);
  if (role === undefined) throw missing('Role', name);
  return list(account, role.attached);
}

function listForUser(account: RamAccount, parameters: Parameters): object {
  const name = required(parameters, 'UserName');
  const attached = account.users.get(name);
  if (attached === undefined) throw missing('User', name);
  return list(account, attached);
}

function list({ policies }: RamAccount, attached: ReadonlySet<string>): object {
  const Policy = [...attached].map((name) => ({
    PolicyName: name,
    PolicyType: policies.get(name)?.type ?? 'Custom',
  }));
  return { Policies: { Policy } };
}

function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined || value === '') {
    throw new RamError(400, `Missing${name}`, `${name} is mandatory for this action.`);
  }
  return value;
}

function parseTrust(text: string): TrustDocument {
  const document: TrustDocument = JSON.parse(text);
  const isReadable = document.Statement.every(
    ({ Effect, Action, Principal }) =>
      Effect === 'Allow' && Action === 'sts:AssumeRole' && Object.values(Principal).every(isList),
  );
  if (!isReadable) throw invalid('AssumeRolePolicyDocument');
  return document;
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function invalid(parameter: string): RamError {
  return new RamError(400, `InvalidParameter.${parameter}`, `The parameter ${parameter} is wrong.`);
}

function exists(kind: string): RamError {
  return new RamError(409, `EntityAlreadyExists.${kind}`, `The ${kind.toLowerCase()} exists.`);
}
