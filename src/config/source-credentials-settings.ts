/** The `sourceCredentials` section of the config: where the source credentials come from. */

/**
 * Never holds the credentials themselves: those stay in the environment, in a file, or with the
 * service that issues them. The type names are those of `@alicloud/credentials` where it has one.
 */
export type SourceCredentialsSettings =
  /** `ALIBABA_CLOUD_*`, then `OSS_*`. */
  | { readonly type: 'environment' }
  /** The role of a function in Function Compute: from the environment, then from the platform's headers. */
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
  /** Absent: `ALIBABA_CLOUD_ECS_METADATA`, or read from the metadata service. */
  readonly roleName?: string;
  /** True: version 1 of the metadata service, which needs no token, is never used. */
  readonly onlyMetadataV2?: boolean;
}

/** The settings that both ways of assuming a role share. */
interface AssumedRoleSettings {
  /** `acs:ram::<account>:role/<name>`. Absent: `ALIBABA_CLOUD_ROLE_ARN`. */
  readonly role?: string;
  /** Absent: `ALIBABA_CLOUD_ROLE_SESSION_NAME`, or `oss-token-broker`. */
  readonly roleSessionName?: string;
  /** A session policy, as JSON text. */
  readonly policy?: string;
  /** From 900 up to the maximum of the role. Absent: 3600. */
  readonly durationSeconds?: number;
  /** The STS endpoint for this role. Absent members: as for the grants. */
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
  /** The credentials that this AssumeRole is signed with. Absent: the environment. A role makes a role chain. */
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
