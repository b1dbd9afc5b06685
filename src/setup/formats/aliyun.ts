/** The account's side as commands of the aliyun CLI, for a POSIX shell. */
import type {
  BrokerIdentity,
  BucketCors,
  CloudSide,
  GrantRole,
  NamedPolicy,
} from '../cloud-side.ts';
import { corsXml } from './cors-xml.ts';
import { quoteForShell } from './quote-for-shell.ts';

/** The broker comes first: who is trusted should exist before the trust policy does. */
export function formatAliyun({ broker, roles, cors, notes }: CloudSide): string {
  const lines = [
    ...notes.map((note) => `# ${note}`),
    'set -eu',
    ...brokerCommands(broker),
    ...roles.flatMap(roleCommands),
    ...corsCommands(cors),
  ];
  return `${lines.join('\n')}\n`;
}

function brokerCommands(broker: BrokerIdentity): readonly string[] {
  const { arn, kind, name, trustPolicy, policies } = broker;
  const isNew = trustPolicy !== undefined;
  return [
    `# the broker, ${arn}${isNew ? '' : ', which exists'}`,
    ...(isNew ? [createRole(name, 3600, trustPolicy)] : []),
    ...policies.flatMap((policy) => policyCommands(policy, kind, name)),
  ];
}

function roleCommands(role: GrantRole): readonly string[] {
  const { arn, name, maxSessionSeconds, trustPolicy, policies } = role;
  return [
    `# the role ${arn}`,
    createRole(name, maxSessionSeconds, trustPolicy),
    ...policies.flatMap((policy) => policyCommands(policy, 'role', name)),
  ];
}

function createRole(name: string, maxSessionSeconds: number, trustPolicy: object): string {
  return ram('CreateRole', {
    RoleName: name,
    MaxSessionDuration: String(maxSessionSeconds),
    AssumeRolePolicyDocument: JSON.stringify(trustPolicy),
  });
}

function policyCommands(
  { name, document }: NamedPolicy,
  kind: BrokerIdentity['kind'],
  owner: string,
): readonly string[] {
  const attached = { PolicyType: 'Custom', PolicyName: name };
  return [
    ram('CreatePolicy', { PolicyName: name, PolicyDocument: JSON.stringify(document) }),
    kind === 'role'
      ? ram('AttachPolicyToRole', { ...attached, RoleName: owner })
      : ram('AttachPolicyToUser', { ...attached, UserName: owner }),
  ];
}

function ram(action: string, parameters: Readonly<Record<string, string>>): string {
  const options = Object.entries(parameters).map(
    ([name, value]) => `--${name} ${quoteForShell(value)}`,
  );
  return ['aliyun ram', action, ...options].join(' ');
}

/** The CLI reads the rules of a bucket from a file. */
function corsCommands(cors: readonly BucketCors[]): readonly string[] {
  if (cors.length === 0) return [];
  return [
    'cors=$(mktemp)',
    ...cors.flatMap(({ bucket, endpoint, rule }) => [
      `# the pages of the bucket ${bucket}`,
      `printf %s ${quoteForShell(corsXml(rule))} > "$cors"`,
      `aliyun oss cors --method put oss://${bucket} "$cors" --endpoint ${quoteForShell(endpoint)}`,
    ]),
    'rm "$cors"',
  ];
}
