/** The settings of rate limits and deny lists. */

/** The most requests in one window. The first request begins the window. */
export interface RateSettings {
  readonly requests: number;
  readonly windowSeconds: number;
}

/** An absent limit counts nothing, except `assumeRole`, which has a default. */
export interface LimitSettings {
  /** For each subject of each issuer. */
  readonly subject?: RateSettings;
  /** For all subjects of an issuer together. */
  readonly issuer?: RateSettings;
  /** For each caller address; an IPv6 address counts as its /64. */
  readonly address?: RateSettings;
  /** For refused subject tokens from one address. Each instance counts its own. */
  readonly refusedTokens?: RateSettings;
  /** For each subject of each issuer: requests that the cache cannot answer. */
  readonly assumeRole?: RateSettings;
}

/** What to refuse. Values are compared exactly. */
export interface DenyLists {
  readonly subjects: readonly string[];
  /** `jti` */
  readonly tokenIds: readonly string[];
  /** `kid` of the key that verified the subject token, as the issuer names it. */
  readonly keyIds: readonly string[];
}
