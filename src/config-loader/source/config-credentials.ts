/** The source credentials for reading a config in OSS: only types without settings, since the config is not read yet. */
import type { SourceCredentialsProvider } from '../../ports.ts';

export const CONFIG_CREDENTIALS = [
  'environment',
  'function',
  'default_chain',
  'ecs_ram_role',
  'oidc_role_arn',
] as const;

export type ConfigCredentialsType = (typeof CONFIG_CREDENTIALS)[number];

/** `type` is undefined if the operator chose none. `region` is that of the bucket. */
export type CreateConfigCredentials = (
  type: ConfigCredentialsType | undefined,
  region: string,
) => SourceCredentialsProvider;
