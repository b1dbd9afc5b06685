/** What a config in OSS is read with: sources that need no settings, since the config that could hold some is not read yet. */
import type { SourceCredentialsProvider } from '../../ports.ts';

export const CONFIG_CREDENTIALS = [
  'environment',
  'function',
  'default_chain',
  'ecs_ram_role',
  'oidc_role_arn',
] as const;

export type ConfigCredentialsType = (typeof CONFIG_CREDENTIALS)[number];

/** `type` is undefined where the operator chose none; `region` is that of the bucket. */
export type CreateConfigCredentials = (
  type: ConfigCredentialsType | undefined,
  region: string,
) => SourceCredentialsProvider;
