/** Builds the buckets, issuers and grants of a config, and reports the problems between them. */
import type { Bucket, Grant, TrustedIssuer } from '../config/config.ts';
import { isBucketName } from '../lib/bucket-name.ts';
import { buildBucket } from './build-bucket.ts';
import { buildGrant } from './build-grant.ts';
import { buildIssuer } from './build-issuer.ts';
import { checkGrant } from './check-grant.ts';
import { checkNumbers } from './check-numbers.ts';
import { type Report, under, type Warn } from './config-problems.ts';
import { bucketSchema, type ConfigInput } from './config-schema.ts';
import { grantSchema } from './grant-schema.ts';
import { issuerSchema } from './issuer-schema.ts';
import { memberOf, toList, toObject, toText } from './raw-values.ts';
import { didYouMean } from './suggest.ts';
import { warnOfAttributes, warnOfConditions } from './warn-claims.ts';
import { warnOfGrant } from './warn-grant.ts';
import { warnOfOverlaps } from './warn-overlaps.ts';

interface Parts {
  readonly buckets: readonly Bucket[];
  readonly issuers: readonly TrustedIssuer[];
  readonly grants: readonly Grant[];
}

/**
 * Builds every valid part by itself, so that the problems of all are reported at once, and reports the
 * problems between parts. `valid` is the whole input if its schema accepts it.
 */
export function buildParts(
  { raw: value, valid }: { readonly raw: unknown; readonly valid: ConfigInput | undefined },
  report: Report,
  warn: Warn,
): Parts {
  const buckets = buildBuckets(memberOf(value, 'buckets'), report);
  const bucketNames = Object.keys(toObject(memberOf(value, 'buckets')));

  const rawIssuers = toList(memberOf(value, 'issuers'));
  reportRepeated(rawIssuers, 'issuers', ['name', 'issuer'], report);
  const issuers = rawIssuers.flatMap((raw, index) => {
    const input = valid?.issuers[index] ?? issuerSchema.safeParse(raw).data;
    if (input === undefined) return [];
    warnOfAttributes(input.attributes, under(warn, ['issuers', index]));
    return [buildIssuer(input, under(report, ['issuers', index]))];
  });
  const issuersByName = new Map(issuers.map((issuer) => [issuer.name, issuer]));
  const issuerNames = new Set(rawIssuers.flatMap((raw) => toText(memberOf(raw, 'name'))));

  const rawGrants = toList(memberOf(value, 'grants'));
  reportRepeated(rawGrants, 'grants', ['name'], report);
  const grants = rawGrants.flatMap((raw, index) => {
    const wanted = toText(memberOf(raw, 'issuer'))[0];
    if (wanted !== undefined && !issuerNames.has(wanted)) {
      report(
        ['grants', index, 'issuer'],
        `the issuer "${wanted}" is not defined under issuers${didYouMean(wanted, [...issuerNames])}`,
      );
    }
    const input = valid?.grants[index] ?? grantSchema.safeParse(raw).data;
    if (input === undefined) return [];
    const issuer = wanted === undefined ? undefined : issuersByName.get(wanted);
    const reportHere = under(report, ['grants', index]);
    const warnHere = under(warn, ['grants', index]);
    checkNumbers(input.when, reportHere);
    warnOfConditions(input.when, warnHere);
    const grant = buildGrant(input, { buckets: bucketNames, issuer }, reportHere);
    if (grant === undefined) return [];
    if (issuer !== undefined) checkGrant(grant, issuer, reportHere, warnHere);
    warnOfGrant(grant, warnHere);
    return [{ grant, index }];
  });
  warnOfOverlaps(grants, issuers, warn);

  const used = new Set(rawGrants.flatMap((raw) => toText(memberOf(raw, 'issuer'))));
  for (const [index, raw] of rawIssuers.entries()) {
    const [name] = toText(memberOf(raw, 'name'));
    if (name !== undefined && !used.has(name)) {
      warn(
        ['issuers', index],
        `no grant names the issuer "${name}", so its subject tokens are always refused; add a grant, or remove the issuer`,
        'issuer-without-grants',
      );
    }
  }
  return { buckets, issuers, grants: grants.map(({ grant }) => grant) };
}

function buildBuckets(value: unknown, report: Report): readonly Bucket[] {
  return Object.entries(toObject(value)).flatMap(([name, raw]) => {
    if (!isBucketName(name)) {
      report(
        ['buckets', name],
        'is not a bucket name; use 3 to 63 lower-case letters, digits and "-"',
      );
    }
    const parsed = bucketSchema.safeParse(raw);
    return parsed.success ? [buildBucket(name, parsed.data)] : [];
  });
}

function reportRepeated(
  items: readonly unknown[],
  section: string,
  members: readonly string[],
  report: Report,
): void {
  for (const member of members) {
    const seen = new Map<string, number>();
    for (const [index, item] of items.entries()) {
      const [text] = toText(memberOf(item, member));
      if (text === undefined) continue;
      const earlier = seen.get(text);
      if (earlier === undefined) seen.set(text, index);
      else
        report(
          [section, index, member],
          `"${text}" is already the ${member} of ${section}[${earlier}]; use a different one`,
        );
    }
  }
}
