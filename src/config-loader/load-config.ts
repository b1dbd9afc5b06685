/** Loads `broker.yaml`: turns its text into a frozen config, or reports every problem at once. */
import type { Assertion } from '../config/assertion.ts';
import type { Bucket, Config, Grant, TrustedIssuer } from '../config/config.ts';
import { isBucketName } from '../lib/bucket-name.ts';
import { buildAssertions } from './build-assertions.ts';
import {
  buildBucket,
  buildGrant,
  buildIssuer,
  buildSts,
  buildSurfaces,
  type Report,
  toClaimPath,
} from './build-config.ts';
import { checkGrant } from './check-grant.ts';
import { checkNumbers } from './check-numbers.ts';
import {
  ConfigError,
  type ConfigProblem,
  formatPath,
  type Warn,
  type WarningRule,
} from './config-problems.ts';
import { bucketSchema, type ConfigInput, configSchema } from './config-schema.ts';
import { freezeDeeply } from './freeze-deeply.ts';
import { grantSchema } from './grant-schema.ts';
import { hashConfig } from './hash-config.ts';
import { issuerSchema } from './issuer-schema.ts';
import { buildLimits, buildStore } from './limits-schema.ts';
import { buildMonitoring } from './monitoring-schema.ts';
import { describeIssue } from './schema-issues.ts';
import { buildSourceCredentials } from './source-credentials-schema.ts';
import { didYouMean } from './suggest.ts';
import { warnOfAttributes, warnOfConditions, warnOfDots } from './warn-claims.ts';
import { warnOfGrant } from './warn-grant.ts';
import { warnOfOverlaps } from './warn-overlaps.ts';
import { warnOfSymlinks } from './warn-symlinks.ts';
import { readYaml } from './yaml-source.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** What is valid, but probably not intended. */
  readonly warnings: readonly ConfigProblem[];
}

/** Says for each assertion why it is broken; undefined if it holds. */
export type CheckAssertions = (
  config: Config,
  assertions: readonly Assertion[],
) => readonly (string | undefined)[];

/**
 * Loads a config. Each issuer, bucket and grant is checked by itself, so that all problems are
 * reported at once. Throws a ConfigError with every problem.
 */
export function loadConfig(options: {
  readonly text: string;
  /** The name of the config in reported problems. */
  readonly file: string;
  /** For `${env:NAME}`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** From src/prove. Without it a config with assertions does not load. */
  readonly checkAssertions?: CheckAssertions;
}): LoadedConfig {
  const { text, file, environment, checkAssertions = refuseAssertions } = options;
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
        message: 'is empty; write the config, beginning with region:',
      });
    }
    throw new ConfigError(problems);
  }
  const reportTo =
    (list: ConfigProblem[]) =>
    (path: readonly PropertyKey[], message: string, rule?: WarningRule): void => {
      if (source.isUnset(path)) return;
      const what = rule === undefined ? { message } : { message, rule };
      list.push({ file, ...source.locate(path), path: formatPath(path), ...what });
    };
  const report: Report = reportTo(problems);
  const warn: Warn = reportTo(warnings);

  const parsed = configSchema.safeParse(source.value);
  for (const issue of parsed.error?.issues ?? []) {
    for (const { path, key, message } of describeIssue(issue, source.value)) {
      if (source.isUnset(path)) continue;
      const position = key === undefined ? source.locate(path) : source.locateKey(path, key);
      problems.push({ file, ...position, path: formatPath(path), message });
    }
  }
  const surfaces = toObject(memberOf(source.value, 'surfaces'));
  if ('credentialUrls' in surfaces && memberOf(source.value, 'publicUrl') === undefined) {
    report(
      ['surfaces', 'credentialUrls'],
      'needs publicUrl, where its URLs lead; add e.g. publicUrl: https://broker.example.com',
    );
  }
  const parts = buildParts({ raw: source.value, valid: parsed.data }, report, warn);
  if (!parsed.success || problems.length > 0) throw new ConfigError(inOrder(problems));
  warnOfSymlinks(parts.grants, warn);

  for (const [index, claim] of parsed.data.audit.claims.entries()) {
    warnOfDots(claim, under(warn, ['audit', 'claims', index]));
  }
  const { region, sts, cors, audit, callerAddress, sourceCredentials, limits, store } = parsed.data;
  const { publicUrl } = parsed.data;
  const content = {
    ...(publicUrl === undefined ? {} : { publicUrl }),
    region,
    sts: buildSts(sts),
    ...parts,
    ...buildSurfaces(parsed.data.surfaces),
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
    ...buildMonitoring(parsed.data),
  };
  const config = freezeDeeply({ revision: hashConfig(content), ...content });
  const { assert = [] } = parsed.data;
  if (assert.length > 0) {
    const assertions = buildAssertions(assert, config, report);
    if (problems.length === 0)
      reportBroken(checkAssertions(config, assertions), assertions, report);
    if (problems.length > 0) throw new ConfigError(inOrder(problems));
  }
  return { config, warnings: inOrder(warnings) };
}

function reportBroken(
  broken: readonly (string | undefined)[],
  assertions: readonly Assertion[],
  report: Report,
): void {
  for (const [index, { kind }] of assertions.entries()) {
    const why = broken[index];
    if (why !== undefined) report(['assert', index, kind], why);
  }
}

/** An assertion that nobody checks must not look as if it held. */
const refuseAssertions: CheckAssertions = (_config, assertions) =>
  assertions.map(() => 'is not checked here; write the key as assert, without escapes');

interface Parts {
  readonly buckets: readonly Bucket[];
  readonly issuers: readonly TrustedIssuer[];
  readonly grants: readonly Grant[];
}

/** Builds every valid part, and reports the problems between parts. */
function buildParts(
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

/** Reports under a path. */
function under<What extends readonly unknown[]>(
  report: (path: readonly PropertyKey[], ...what: What) => void,
  parent: readonly PropertyKey[],
): (path: readonly PropertyKey[], ...what: What) => void {
  return (path, ...what) => report([...parent, ...path], ...what);
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
