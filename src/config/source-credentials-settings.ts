/** The `sourceCredentials` section of the config: where the broker's own credentials come from. */

/**
 * Never the credentials themselves: those stay in the environment, in a file, or with whoever gives
 * them out. The names of the types are those of `@alicloud/credentials` where it has one.
 */
export type SourceCredentialsSettings =
  /** `ALIBABA_CLOUD_*`, then `OSS_*`. */
  | { readonly type: 'environment' }
  /** The role of a function in Function Compute: environment, then the platform's headers. */
  | { readonly type: 'function' }
  | { readonly type: 'default_chain' }
  /** A JSON file, read again whenever it changes. */
  | { readonly type: 'file'; readonly path: string }
  /** A module with `getCredentials`, as an export or as a member of its default export. */
  | { readonly type: 'module'; readonly path: string }
  /** A program and its arguments, without a shell; it prints JSON. */
  | { readonly type: 'process'; readonly command: readonly [string, ...string[]] }
  /** Absent `uri`: `ALIBABA_CLOUD_CREDENTIALS_URI`. */
  | { readonly type: 'credentials_uri'; readonly uri?: string }
  | EcsRamRoleSettings
  | RamRoleArnSettings
  | OidcRoleArnSettings
  | ProfileSettings;

export interface EcsRamRoleSettings {
  readonly type: 'ecs_ram_role';
  /** Absent: `ALIBABA_CLOUD_ECS_METADATA`, or asked of the metadata service. */
  readonly roleName?: string;
  /** True: the metadata service's first version, which takes no token, is never asked. */
  readonly onlyMetadataV2?: boolean;
}

/** What both ways to assume a role share. */
interface AssumedRoleSettings {
  /** `acs:ram::<account>:role/<name>`. Absent: `ALIBABA_CLOUD_ROLE_ARN`. */
  readonly role?: string;
  /** Absent: `ALIBABA_CLOUD_ROLE_SESSION_NAME`, or the broker's own name. */
  readonly roleSessionName?: string;
  /** A session policy, as JSON text. */
  readonly policy?: string;
  /** From 900 up to what the role allows; 3600 if absent. */
  readonly durationSeconds?: number;
  /** Where this role is assumed; what is absent is as for the grants. */
  readonly sts?: SourceStsSettings;
}

export interface SourceStsSettings {
  /** Host, or loopback `http://` URL in development. */
  readonly endpoint?: string;
  readonly region?: string;
  readonly network?: 'public' | 'vpc';
}

export interface RamRoleArnSettings extends AssumedRoleSettings {
  readonly type: 'ram_role_arn';
  readonly externalId?: string;
  /** What AssumeRole is signed with; the environment if absent. A role makes a chain of roles. */
  readonly from?: Exclude<SourceCredentialsSettings, { readonly type: 'ram_role_arn' }>;
}

export interface OidcRoleArnSettings extends AssumedRoleSettings {
  readonly type: 'oidc_role_arn';
  /** `acs:ram::<account>:oidc-provider/<name>`. Absent: `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`. */
  readonly oidcProvider?: string;
  /** Absent: `ALIBABA_CLOUD_OIDC_TOKEN_FILE`. */
  readonly oidcTokenFile?: string;
}

interface ProfileSettings {
  readonly type: 'profile';
  /** Absent: `ALIBABA_CLOUD_PROFILE`, or the file's current one. */
  readonly name?: string;
  /** Absent: `~/.aliyun/config.json`. */
  readonly path?: string;
}
