/** Loads `broker.yaml`: from text to a frozen config, or to every problem at once. */
import type { Bucket, Config, Grant, TrustedIssuer } from '../config/config.ts';
import { isBucketName } from '../lib/bucket-name.ts';
import {
  buildBucket,
  buildGrant,
  buildIssuer,
  buildSts,
  type Report,
  toClaimPath,
} from './build-config.ts';
import { checkGrant } from './check-grant.ts';
import { ConfigError, type ConfigProblem, formatPath } from './config-problems.ts';
import { bucketSchema, configSchema, grantSchema, issuerSchema } from './config-schema.ts';
import { freezeDeeply } from './freeze-deeply.ts';
import { hashConfig } from './hash-config.ts';
import { buildLimits, buildStore } from './limits-schema.ts';
import { describeIssue } from './schema-issues.ts';
import { buildSourceCredentials } from './source-credentials-schema.ts';
import { didYouMean } from './suggest.ts';
import { warnOfSymlinks } from './symlink-warnings.ts';
import { readYaml } from './yaml-source.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** What works, but is probably not meant. */
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Loads a config. Throws a ConfigError with every problem: a problem in one part does not hide
 * those of another, so each issuer, bucket and grant is looked at by itself.
 */
export function loadConfig(options: {
  readonly text: string;
  /** What problems are told to be in. */
  readonly file: string;
  /** For `${env:NAME}`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}): LoadedConfig {
  const { text, file, environment } = options;
  const source = readYaml(text, environment);
  const problems: ConfigProblem[] = source.problems.map((problem) => ({
    file,
    path: '',
    ...problem,
  }));
  const warnings: ConfigProblem[] = [];
  if (source.value === undefined || source.value === null) {
    if (problems.length === 0) {
      problems.push({
        file,
        line: 1,
        column: 1,
        path: '',
        message: 'is empty; begin with region:',
      });
    }
    throw new ConfigError(problems);
  }
  const tellInto =
    (list: ConfigProblem[]): Report =>
    (path, message) => {
      list.push({ file, ...source.locate(path), path: formatPath(path), message });
    };
  const report = tellInto(problems);

  const parsed = configSchema.safeParse(source.value);
  for (const issue of parsed.error?.issues ?? []) {
    for (const { path, key, message } of describeIssue(issue, source.value)) {
      const position = key === undefined ? source.locate(path) : source.locateKey(path, key);
      problems.push({ file, ...position, path: formatPath(path), message });
    }
  }
  const parts = buildParts(source.value, report, tellInto(warnings));
  if (!parsed.success || problems.length > 0) throw new ConfigError(inOrder(problems));
  warnOfSymlinks(parts.grants, tellInto(warnings));

  const { region, sts, cors, audit, callerAddress, sourceCredentials, limits, store } = parsed.data;
  const content = {
    region,
    sts: buildSts(sts),
    ...parts,
    cors,
    audit: { claims: audit.claims.map(toClaimPath) },
    ...(callerAddress === undefined
      ? {}
      : { callerAddress: { ...callerAddress, header: callerAddress.header.toLowerCase() } }),
    ...(sourceCredentials === undefined
      ? {}
      : { sourceCredentials: buildSourceCredentials(sourceCredentials) }),
    ...(limits === undefined ? {} : { limits: buildLimits(limits) }),
    ...(store === undefined ? {} : { store: buildStore(store) }),
  };
  return { config: freezeDeeply({ revision: hashConfig(content), ...content }), warnings };
}

interface Parts {
  readonly buckets: readonly Bucket[];
  readonly issuers: readonly TrustedIssuer[];
  readonly grants: readonly Grant[];
}

/** Everything that can be built of what is there, with the problems between the parts told. */
function buildParts(value: unknown, report: Report, warn: Report): Parts {
  const buckets = buildBuckets(memberOf(value, 'buckets'), report);
  const bucketNames = Object.keys(toObject(memberOf(value, 'buckets')));

  const rawIssuers = toList(memberOf(value, 'issuers'));
  reportRepeated(rawIssuers, 'issuers', ['name', 'issuer'], report);
  const issuers = rawIssuers.flatMap((raw, index) => {
    const parsed = issuerSchema.safeParse(raw);
    if (!parsed.success) return [];
    return [
      buildIssuer(parsed.data, (path, message) => report(['issuers', index, ...path], message)),
    ];
  });
  const issuerNames = rawIssuers.flatMap((raw) => toText(memberOf(raw, 'name')));

  const rawGrants = toList(memberOf(value, 'grants'));
  reportRepeated(rawGrants, 'grants', ['name'], report);
  const grants = rawGrants.flatMap((raw, index) => {
    const wanted = toText(memberOf(raw, 'issuer'))[0];
    if (wanted !== undefined && !issuerNames.includes(wanted)) {
      report(
        ['grants', index, 'issuer'],
        `there is no issuer "${wanted}"${didYouMean(wanted, issuerNames)}`,
      );
    }
    const parsed = grantSchema.safeParse(raw);
    if (!parsed.success) return [];
    const issuer = issuers.find(({ name }) => name === wanted);
    const under =
      (to: Report): Report =>
      (path, message) =>
        to(['grants', index, ...path], message);
    const grant = buildGrant(parsed.data, { buckets: bucketNames, issuer }, under(report));
    if (grant !== undefined && issuer !== undefined)
      checkGrant(grant, issuer, under(report), under(warn));
    return grant === undefined ? [] : [grant];
  });

  const used = new Set(rawGrants.flatMap((raw) => toText(memberOf(raw, 'issuer'))));
  for (const [index, raw] of rawIssuers.entries()) {
    const [name] = toText(memberOf(raw, 'name'));
    if (name !== undefined && !used.has(name)) {
      warn(
        ['issuers', index],
        `no grant is for the issuer "${name}", so its tokens are good for nothing`,
      );
    }
  }
  return { buckets, issuers, grants };
}

function buildBuckets(value: unknown, report: Report): readonly Bucket[] {
  return Object.entries(toObject(value)).flatMap(([name, raw]) => {
    if (!isBucketName(name)) {
      report(['buckets', name], 'is no bucket name: 3 to 63 lower-case letters, digits and "-"');
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
          `is the same as that of ${section}[${earlier}]; each must be its own`,
        );
    }
  }
}

function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}

function memberOf(value: unknown, name: string): unknown {
  return toObject(value)[name];
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toText(value: unknown): readonly string[] {
  return typeof value === 'string' ? [value] : [];
}
