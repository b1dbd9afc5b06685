/** The schema of the `sourceCredentials` section of `broker.yaml`. */
import { z } from 'zod';
import { MAX_SESSION_SECONDS, MIN_SESSION_SECONDS } from '../lib/session-seconds.ts';
import { parseDuration } from './durations.ts';
import { matching } from './schema-values.ts';

const path = matching(/^[^\0]{1,4096}$/, 'a path');

const DURATION_WORDS = 'must be a duration from 900s (the minimum of STS) to 12h';

/** https://www.alibabacloud.com/help/en/ram/api-assumerole */
const assumedRole = {
  role: matching(
    /^acs:ram::\d{5,20}:role\/[A-Za-z0-9.@_-]{1,64}$/,
    'a role ARN, e.g. acs:ram::123456789012:role/oss-token-broker',
  )
    .optional()
    .describe(
      'The ARN of the role that the broker itself assumes. Default: ALIBABA_CLOUD_ROLE_ARN.',
    ),
  roleSessionName: matching(
    /^[A-Za-z0-9.@_-]{2,64}$/,
    '2 to 64 letters, digits, ".", "@", "_", "-"',
  )
    .optional()
    .describe(
      'The role session name. Default: ALIBABA_CLOUD_ROLE_SESSION_NAME, or oss-token-broker.',
    ),
  policy: z
    .string({ error: 'must be a session policy as JSON text' })
    .max(2047, { error: 'must be at most 2047 characters, the limit of STS' })
    .refine(isJsonObject, { error: 'must be a session policy as JSON text' })
    .optional()
    .describe('A session policy for the broker itself; it must allow sts:AssumeRole.'),
  duration: z
    .string({ error: DURATION_WORDS })
    .refine(
      (value) => {
        const seconds = parseDuration(value) ?? 0;
        return seconds >= MIN_SESSION_SECONDS && seconds <= MAX_SESSION_SECONDS;
      },
      { error: DURATION_WORDS },
    )
    .optional()
    .describe('The duration of one session of the role. Default: 1h.'),
  sts: z
    .strictObject({
      endpoint: z
        .string({ error: 'must be host or host:port' })
        .regex(
          /^(?:http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?|[A-Za-z0-9.-]+(?::\d{1,5})?)$/,
          {
            error: 'must be host or host:port; http:// is accepted for this machine only',
          },
        )
        .optional()
        .describe(
          'The STS endpoint. Default: as for the grants, or from region and network if one is given here.',
        ),
      region: matching(/^[a-z]{2}-[a-z0-9-]{2,30}$/, 'a region id, e.g. cn-hangzhou')
        .optional()
        .describe('The region of the STS endpoint. Default: as for the grants.'),
      network: z
        .enum(['public', 'vpc'], { error: 'must be public or vpc' })
        .optional()
        .describe('Which STS endpoint of the region is used. Default: as for the grants.'),
    })
    .optional()
    .describe('The STS endpoint for this role. Default: as for the grants.'),
};

const environment = z.strictObject({ type: z.literal('environment') });
const defaultChain = z.strictObject({ type: z.literal('default_chain') });
const file = z.strictObject({
  type: z.literal('file'),
  path: path.describe('A JSON file, read again whenever it changes.'),
});
const module = z.strictObject({
  type: z.literal('module'),
  path: path.describe('A JavaScript module that exports getCredentials.'),
});
const program = z.strictObject({
  type: z.literal('process'),
  command: z
    .array(z.string({ error: 'must be text' }), {
      error: 'must be a list: the program and its arguments',
    })
    .min(1, { error: 'must be a list: the program and its arguments' })
    .describe('The program and its arguments, without a shell; it prints JSON.'),
});
const credentialsUri = z.strictObject({
  type: z.literal('credentials_uri'),
  uri: z
    .string({ error: 'must be an http:// or https:// URL' })
    .regex(/^https?:\/\/[^\s]+$/, { error: 'must be an http:// or https:// URL' })
    .optional()
    .describe('The URL of the credentials. Default: ALIBABA_CLOUD_CREDENTIALS_URI.'),
});
const ecsRamRole = z.strictObject({
  type: z.literal('ecs_ram_role'),
  roleName: matching(/^[A-Za-z0-9.@_-]{1,64}$/, 'the name of a role, not its ARN')
    .optional()
    .describe(
      'The name of the role, which saves a request. Default: ALIBABA_CLOUD_ECS_METADATA, or read from the metadata service.',
    ),
  onlyMetadataV2: z
    .boolean({ error: 'must be true or false' })
    .optional()
    .describe('true: never use version 1 of the metadata service.'),
});
const oidcRoleArn = z.strictObject({
  type: z.literal('oidc_role_arn'),
  ...assumedRole,
  oidcProvider: matching(
    /^acs:ram::\d{5,20}:oidc-provider\/[\w.-]{1,128}$/,
    'the ARN of an OIDC provider, e.g. acs:ram::123456789012:oidc-provider/ack-rrsa-c1',
  )
    .optional()
    .describe('The ARN of the OIDC provider. Default: ALIBABA_CLOUD_OIDC_PROVIDER_ARN.'),
  oidcTokenFile: path
    .optional()
    .describe('The path of the OIDC token. Default: ALIBABA_CLOUD_OIDC_TOKEN_FILE.'),
});
const profile = z.strictObject({
  type: z.literal('profile'),
  name: matching(/^[^\0]{1,128}$/, 'the name of a profile')
    .optional()
    .describe('The name of the profile. Default: ALIBABA_CLOUD_PROFILE, or the current one.'),
  path: path.optional().describe('The path of the profiles. Default: ~/.aliyun/config.json.'),
});

const BASES = [
  environment,
  defaultChain,
  file,
  module,
  program,
  credentialsUri,
  ecsRamRole,
  oidcRoleArn,
  profile,
] as const;
const TYPES =
  'environment, function, file, ram_role_arn, ecs_ram_role, oidc_role_arn, credentials_uri, process, module, profile or default_chain';

const ramRoleArn = z.strictObject({
  type: z.literal('ram_role_arn'),
  ...assumedRole,
  externalId: matching(
    /^[\w+=,.@:/-]{2,1224}$/,
    'an external ID: 2 to 1224 letters, digits, "_", "+", "=", ",", ".", "@", ":", "/", "-"',
  )
    .optional()
    .describe('The external ID that is sent to STS, if the trust policy of the role requires it.'),
  from: z
    .discriminatedUnion('type', BASES, {
      error: 'must have a type other than ram_role_arn and function',
    })
    .optional()
    .describe('The credentials that this AssumeRole is signed with. Default: the environment.'),
});

export const sourceCredentialsSchema = z
  .discriminatedUnion(
    'type',
    [...BASES, z.strictObject({ type: z.literal('function') }), ramRoleArn],
    { error: `must have one of the types ${TYPES}` },
  )
  .describe(
    'The source credentials, which the broker signs AssumeRole with. Default: the role of the function on Function Compute, the environment elsewhere.',
  );

export type SourceCredentialsInput = z.output<typeof sourceCredentialsSchema>;

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
