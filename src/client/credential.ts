/** The values that the kit hands out, and what adapters need of a source. */

/** One part of OSS that the credential reaches. */
export interface Target {
  /** As in the broker's answer: `oss://bucket/prefix/` or `oss://bucket/key`. */
  readonly target: string;
  readonly bucket: string;
  /** What every key begins with; for a target of one object, its key. */
  readonly prefix: string;
  /** Some of `read`, `write`, `list`, `delete`. */
  readonly permissions: readonly string[];
  /** Further OSS actions, such as `oss:GetObjectTagging`. */
  readonly actions?: readonly string[];
  /** Such as `cn-hangzhou`, without `oss-`. */
  readonly region: string;
  /** With its scheme, without the bucket. */
  readonly endpoint: string;
  /** Whether the endpoint is the bucket's own domain. */
  readonly cname?: boolean;
}

/** A credential of STS, and what it is for. */
export interface Credential {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  /** The end, by the broker's clock. */
  readonly expiration: Date;
  /** When the next one is asked for, by the broker's clock. */
  readonly refreshAfter: Date;
  /** Milliseconds that the broker's clock is ahead of this one. */
  readonly clockOffsetMs: number;
  readonly requestId: string;
  readonly grant: { readonly name: string; readonly targets: readonly Target[] };
}

/** Where adapters and apps take credentials from. */
export interface CredentialSource {
  /**
   * The credential to use now. Take it anew for each use. `signal` ends the wait of this caller; the
   * request ends with its last waiter.
   *
   * @throws BrokerError if the broker gives none and the one at hand has ended.
   */
  readonly get: (options?: { readonly signal?: AbortSignal | undefined }) => Promise<Credential>;
}
