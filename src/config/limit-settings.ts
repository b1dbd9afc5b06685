/** Rate limits and kill switches, as the config says them. */

/** So many requests in a window that the first of them opens. */
export interface RateSettings {
  readonly requests: number;
  readonly windowSeconds: number;
}

/** Without one of them nothing is counted, but for `assumeRole`, which has a default. */
export interface LimitSettings {
  /** For each subject of each issuer. */
  readonly subject?: RateSettings;
  /** For all subjects of an issuer together. */
  readonly issuer?: RateSettings;
  /** For each caller address; an IPv6 address counts as its /64. */
  readonly address?: RateSettings;
  /** Subject tokens from one address that were refused; counted in this instance alone. */
  readonly refusedTokens?: RateSettings;
  /** For each subject of each issuer: requests that the cache cannot answer. */
  readonly assumeRole?: RateSettings;
}

/** Whom to refuse, compared exactly. */
export interface DenyLists {
  readonly subjects: readonly string[];
  /** `jti` */
  readonly tokenIds: readonly string[];
  /** `kid` of the key that verified the token, as the issuer names it. */
  readonly keyIds: readonly string[];
}
