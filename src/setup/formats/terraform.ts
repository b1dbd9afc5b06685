/** The account's side for Terraform's provider aliyun/alicloud. */
import type {
  BrokerIdentity,
  BucketCors,
  CloudSide,
  GrantRole,
  NamedPolicy,
} from '../cloud-side.ts';

const HEAD = `terraform {
  required_providers {
    alicloud = { source = "aliyun/alicloud", version = ">= 1.252.0" }
  }
}`;

/** https://registry.terraform.io/providers/aliyun/alicloud/latest/docs */
export function formatTerraform({ broker, roles, cors, notes }: CloudSide): string {
  const parts = [
    ...(notes.length === 0 ? [] : [notes.map((note) => `# ${note}`).join('\n')]),
    HEAD,
    ...brokerBlocks(broker),
    ...roles.flatMap((role, index) => roleBlocks(role, `grants_${index + 1}`, broker)),
    ...cors.map((rules, index) => corsBlock(rules, `bucket_${index + 1}`)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function brokerBlocks(broker: BrokerIdentity): readonly string[] {
  const { kind, name, trustPolicy, policies } = broker;
  const isNew = trustPolicy !== undefined;
  const owner = isNew ? 'alicloud_ram_role.broker.role_name' : text(name);
  return [
    ...(isNew
      ? [
          block('alicloud_ram_role', 'broker', [
            `role_name = ${text(name)}`,
            `assume_role_policy_document = ${document(trustPolicy)}`,
          ]),
        ]
      : []),
    ...policies.flatMap((policy, index) =>
      policyBlocks(policy, `broker_${index + 1}`, kind, owner),
    ),
  ];
}

function roleBlocks(role: GrantRole, label: string, broker: BrokerIdentity): readonly string[] {
  const { name, maxSessionSeconds, trustPolicy, policies } = role;
  return [
    block('alicloud_ram_role', label, [
      `role_name = ${text(name)}`,
      `max_session_duration = ${maxSessionSeconds}`,
      `assume_role_policy_document = ${document(trustPolicy)}`,
      // who is trusted should exist before the trust policy does
      ...(broker.trustPolicy === undefined ? [] : ['depends_on = [alicloud_ram_role.broker]']),
    ]),
    ...policies.flatMap((policy, index) =>
      policyBlocks(policy, `${label}_${index + 1}`, 'role', `alicloud_ram_role.${label}.role_name`),
    ),
  ];
}

function policyBlocks(
  policy: NamedPolicy,
  label: string,
  kind: BrokerIdentity['kind'],
  owner: string,
): readonly string[] {
  return [
    block('alicloud_ram_policy', label, [
      `policy_name = ${text(policy.name)}`,
      `policy_document = ${document(policy.document)}`,
    ]),
    block(`alicloud_ram_${kind}_policy_attachment`, label, [
      `policy_name = alicloud_ram_policy.${label}.policy_name`,
      'policy_type = "Custom"',
      `${kind}_name = ${owner}`,
    ]),
  ];
}

function corsBlock({ bucket, rule }: BucketCors, label: string): string {
  return block('alicloud_oss_bucket_cors', label, [
    `bucket = ${text(bucket)}`,
    'cors_rule {',
    `  allowed_origins = ${text(rule.allowedOrigins)}`,
    `  allowed_methods = ${text(rule.allowedMethods)}`,
    `  allowed_headers = ${text(rule.allowedHeaders)}`,
    `  expose_header = ${text(rule.exposeHeaders)}`,
    '}',
  ]);
}

function block(type: string, label: string, lines: readonly string[]): string {
  return `resource "${type}" "${label}" {\n${lines.map((line) => `  ${line}`).join('\n')}\n}`;
}

function document(value: object): string {
  return `jsonencode(${text(value)})`;
}

/** JSON is an expression of HCL too, once no `\${` or `%{` begins a template in it. */
function text(value: string | object): string {
  return JSON.stringify(value).replace(/[$%](?=\{)/g, '$&$&');
}
