/** Compares what a config needs with what is in the account. */
import { matchesGlob } from '../session-policy/glob.ts';
import type { BucketCors, CloudSide, CorsRule, NamedPolicy, TrustPolicy } from './cloud-side.ts';
import { permissionAtoms, trustAtoms } from './policy-atoms.ts';

export interface FoundCloud {
  /** By ARN: the roles of the grants, and the broker's role or user. */
  readonly identities: ReadonlyMap<string, FoundIdentity | 'missing' | 'in another account'>;
  /** By bucket. */
  readonly cors: ReadonlyMap<string, readonly CorsRule[] | 'missing'>;
}

export interface FoundIdentity {
  /** Absent: a user. */
  readonly trustPolicy?: FoundDocument;
  readonly maxSessionSeconds?: number;
  readonly policies: readonly { readonly name: string; readonly document: FoundDocument }[];
}

export type FoundDocument = object | 'unreadable';

export interface Difference {
  /** A role or user by its ARN, or a bucket as `oss://<bucket>/`. */
  readonly where: string;
  /** `missing`: the config needs it. `extra`: it does not. `unknown`: it cannot be seen. */
  readonly kind: 'missing' | 'extra' | 'unknown';
  readonly what: string;
}

/** Everything that differs. Empty: the account is what the config needs, and no more. */
export function compareCloud(needed: CloudSide, found: FoundCloud): readonly Difference[] {
  const identities = [needed.broker, ...needed.roles];
  return [
    ...identities.flatMap((identity) => compareIdentity(identity, found.identities)),
    ...needed.cors.flatMap((bucket) => compareCors(bucket, found.cors.get(bucket.bucket))),
  ];
}

interface NeededIdentity {
  readonly arn: string;
  readonly trustPolicy?: TrustPolicy;
  readonly maxSessionSeconds?: number;
  readonly policies: readonly NamedPolicy[];
}

function compareIdentity(
  needed: NeededIdentity,
  identities: FoundCloud['identities'],
): readonly Difference[] {
  const { arn: where } = needed;
  const found = identities.get(where) ?? 'missing';
  if (found === 'missing') return [{ where, kind: 'missing', what: 'it does not exist' }];
  if (found === 'in another account') {
    return [{ where, kind: 'unknown', what: 'it is in another account than these credentials' }];
  }
  return [
    ...compareTrust(needed, found),
    ...compareDuration(needed, found),
    ...found.policies
      .filter(({ document }) => document === 'unreadable')
      .map(({ name }) => unreadable(where, `the policy ${name}`)),
    ...compareAtoms(
      where,
      needed.policies.flatMap(({ document }) => permissionAtoms(document)),
      found.policies.flatMap(({ name, document }) =>
        permissionAtoms(document).map((atom) => ({ atom, from: ` (policy ${name})` })),
      ),
    ),
  ];
}

function compareTrust(needed: NeededIdentity, found: FoundIdentity): readonly Difference[] {
  if (needed.trustPolicy === undefined) return [];
  if (found.trustPolicy === 'unreadable') return [unreadable(needed.arn, 'its trust policy')];
  const atoms = trustAtoms(found.trustPolicy).map((atom) => ({ atom, from: '' }));
  return compareAtoms(needed.arn, trustAtoms(needed.trustPolicy), atoms);
}

function unreadable(where: string, what: string): Difference {
  return { where, kind: 'unknown', what: `${what} cannot be read` };
}

/** Longer sessions than needed are no difference: each AssumeRole names its own duration. */
function compareDuration(needed: NeededIdentity, found: FoundIdentity): readonly Difference[] {
  const { arn: where, maxSessionSeconds = 0 } = needed;
  const has = found.maxSessionSeconds ?? maxSessionSeconds;
  if (has >= maxSessionSeconds) return [];
  const what = `sessions of ${maxSessionSeconds} s; its MaxSessionDuration is ${has} s`;
  return [{ where, kind: 'missing', what }];
}

function compareAtoms(
  where: string,
  needed: readonly string[],
  found: readonly { readonly atom: string; readonly from: string }[],
): readonly Difference[] {
  const has = new Set(found.map(({ atom }) => atom));
  const needs = new Set(needed);
  return [
    ...[...needs]
      .filter((atom) => !has.has(atom))
      .map((what): Difference => ({ where, kind: 'missing', what })),
    ...found
      .filter(({ atom }) => !needs.has(atom))
      .map(({ atom, from }): Difference => ({ where, kind: 'extra', what: `${atom}${from}` })),
  ];
}

function compareCors(
  { bucket, rule }: BucketCors,
  found: readonly CorsRule[] | 'missing' | undefined,
): readonly Difference[] {
  const where = `oss://${bucket}/`;
  if (found === undefined || found === 'missing') {
    return [{ where, kind: 'missing', what: 'the bucket does not exist' }];
  }
  const missing = rule.allowedOrigins.filter((origin) => !found.some(serves(rule, origin)));
  const extra = found
    .flatMap(({ allowedOrigins }) => allowedOrigins)
    .filter((origin) => !rule.allowedOrigins.includes(origin));
  return [
    ...missing.map((origin): Difference => {
      return { where, kind: 'missing', what: `a CORS rule for ${origin}, ${describeRule(rule)}` };
    }),
    ...[...new Set(extra)].map((origin): Difference => {
      return { where, kind: 'extra', what: `CORS rules for ${origin}` };
    }),
  ];
}

function serves(needed: CorsRule, origin: string) {
  const holds = (patterns: readonly string[], values: readonly string[]) =>
    values.every((value) =>
      patterns.some((pattern) => matchesGlob(pattern.toLowerCase(), value.toLowerCase())),
    );
  return (rule: CorsRule): boolean =>
    holds(rule.allowedOrigins, [origin]) &&
    holds(rule.allowedMethods, needed.allowedMethods) &&
    holds(rule.allowedHeaders, needed.allowedHeaders) &&
    holds(rule.exposeHeaders, needed.exposeHeaders);
}

function describeRule({ allowedMethods, allowedHeaders, exposeHeaders }: CorsRule): string {
  return `methods ${allowedMethods.join(' ')}, headers ${allowedHeaders.join(' ')}, exposed ${exposeHeaders.join(' ')}`;
}
