/** Turns a loaded config to the simulator: its issuers, its buckets, its roles and its STS. */
import type { Config, Grant } from '../../src/config/config.ts';
import { hashConfig } from '../../src/config-loader/hash-config.ts';
import type { SimulatedRole } from '../arrange-cloud.ts';

/** What roles allow unless a grant asks for more: https://www.alibabacloud.com/help/en/ram/api-createrole */
const ROLE_SECONDS = 3600;

/**
 * The config with keys, STS and OSS on this machine. `iss`, audiences, grants and limits stay as
 * they are. Left out is what is not here: source credentials, Redis, and proxies in front.
 */
export function standInConfig(
  config: Config,
  around: {
    readonly stsUrl: string;
    readonly ossUrl: string;
    /** By the name of the issuer. */
    readonly keysOf: (issuerName: string) => string;
    readonly origins: readonly string[];
    readonly brokerUrl: string;
  },
): Config {
  const {
    revision: _,
    sourceCredentials: _source,
    store: _store,
    callerAddress: _proxies,
    ...kept
  } = config;
  const content = {
    ...kept,
    sts: { ...config.sts, endpoint: around.stsUrl },
    buckets: config.buckets.map((bucket) => ({ ...bucket, endpoint: around.ossUrl, cname: false })),
    issuers: config.issuers.map((issuer) => ({
      ...issuer,
      keys: { kind: 'jwksUri', uri: around.keysOf(issuer.name) } as const,
    })),
    cors: { origins: around.origins },
    ...(config.publicUrl === undefined ? {} : { publicUrl: around.brokerUrl }),
  };
  return { revision: hashConfig(content), ...content };
}

/** Every role that the grants name. It asks for the external ID that all of its grants send. */
export function rolesOf(grants: readonly Grant[]): readonly SimulatedRole[] {
  const arns = new Set(grants.map(({ role }) => role));
  return [...arns].map((arn) => {
    const own = grants.filter(({ role }) => role === arn);
    const [externalId, ...others] = new Set(own.map((grant) => grant.externalId));
    return {
      arn,
      maxSessionDurationSeconds: Math.max(ROLE_SECONDS, ...own.map((g) => g.duration.maxSeconds)),
      ...(externalId === undefined || others.length > 0 ? {} : { externalId }),
    };
  });
}
