/** Reads from the account what a config needs, with calls that change nothing. */
import type { CallRpc, RpcCall } from '../rpc/call-rpc.ts';
import { RpcProblem } from '../rpc/rpc-problem.ts';
import type { BucketCors, CloudSide, CorsRule } from './cloud-side.ts';
import type { FoundCloud, FoundDocument, FoundIdentity } from './compare.ts';
import { SetupProblem } from './setup-problem.ts';

/** Returns the rules of a bucket. */
export type GetBucketCors = (bucket: BucketCors) => Promise<readonly CorsRule[] | 'missing'>;

/** https://www.alibabacloud.com/help/en/ram/api-ram-2015-05-01-overview */
const VERSION = '2015-05-01';
/** RAM attaches a few dozen to an identity at most, and each is asked for. */
const MAX_POLICIES = 100;

/** Throws an RpcProblem, a SetupProblem for more policies than an identity can have, and what `getBucketCors` throws. */
export async function readCloud(
  { broker, roles, cors }: CloudSide,
  tools: { readonly callRam: CallRpc; readonly getBucketCors: GetBucketCors },
): Promise<FoundCloud> {
  const { callRam, getBucketCors } = tools;
  const identities = new Map<string, FoundIdentity | 'missing' | 'in another account'>();
  for (const { arn, name } of roles) identities.set(arn, await readRole(callRam, arn, name));
  const { arn, name, kind } = broker;
  identities.set(
    arn,
    kind === 'role' ? await readRole(callRam, arn, name) : await readUser(callRam, arn, name),
  );
  const rules = new Map<string, readonly CorsRule[] | 'missing'>();
  for (const bucket of cors) rules.set(bucket.bucket, await getBucketCors(bucket));
  return { identities, cors: rules };
}

async function readRole(callRam: CallRpc, arn: string, RoleName: string) {
  const answer = await ifExists(callRam, { action: 'GetRole', parameters: { RoleName } });
  if (answer === 'missing') return answer;
  const role = memberOf(answer, 'Role');
  if (memberOf(role, 'Arn') !== arn) return 'in another account';
  const seconds = memberOf(role, 'MaxSessionDuration');
  return {
    trustPolicy: parse(memberOf(role, 'AssumeRolePolicyDocument')),
    ...(typeof seconds === 'number' ? { maxSessionSeconds: seconds } : {}),
    policies: await readPolicies(callRam, 'ListPoliciesForRole', { RoleName }),
  };
}

async function readUser(callRam: CallRpc, arn: string, UserName: string) {
  const answer = await ifExists(callRam, { action: 'GetUser', parameters: { UserName } });
  if (answer === 'missing') return answer;
  const known = memberOf(memberOf(answer, 'User'), 'Arn');
  // RAM documents no ARN in this answer, so an absent one says nothing
  if (known !== undefined && known !== arn) return 'in another account';
  return { policies: await readPolicies(callRam, 'ListPoliciesForUser', { UserName }) };
}

async function readPolicies(
  callRam: CallRpc,
  action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<FoundIdentity['policies']> {
  const { body } = await callRam({ action, version: VERSION, parameters });
  const attached = memberOf(memberOf(body, 'Policies'), 'Policy');
  const listed: readonly unknown[] = Array.isArray(attached) ? attached : [];
  if (listed.length > MAX_POLICIES) {
    const [name = ''] = Object.values(parameters);
    throw new SetupProblem(`RAM lists more than ${MAX_POLICIES} policies of ${name}`);
  }
  const policies: { name: string; document: FoundDocument }[] = [];
  for (const one of listed) {
    const [PolicyName, PolicyType] = ['PolicyName', 'PolicyType'].map((name) =>
      String(memberOf(one, name)),
    );
    if (PolicyName === undefined || PolicyType === undefined) continue;
    const policy = { PolicyName, PolicyType };
    const got = await callRam({ action: 'GetPolicy', version: VERSION, parameters: policy });
    const document = memberOf(memberOf(got.body, 'DefaultPolicyVersion'), 'PolicyDocument');
    policies.push({ name: PolicyName, document: parse(document) });
  }
  return policies;
}

async function ifExists(callRam: CallRpc, call: Omit<RpcCall, 'version'>) {
  try {
    return (await callRam({ ...call, version: VERSION })).body;
  } catch (error) {
    if (error instanceof RpcProblem && error.code?.startsWith('EntityNotExist.')) return 'missing';
    throw error;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** RAM answers the JSON of a document. */
function parse(text: unknown): FoundDocument {
  try {
    const document: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    return typeof document === 'object' && document !== null ? document : 'unreadable';
  } catch {
    return 'unreadable';
  }
}
