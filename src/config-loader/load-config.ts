/** Loads `broker.yaml`: turns its text into a frozen config, or reports every problem at once. */
import type { Assertion } from '../config/assertion.ts';
import type { Config } from '../config/config.ts';
import { buildAssertions } from './build-assertions.ts';
import { buildParts } from './build-parts.ts';
import { buildSourceCredentials } from './build-source-credentials.ts';
import { buildSts } from './build-sts.ts';
import { buildSurfaces } from './build-surfaces.ts';
import { toClaimPath } from './claim-path.ts';
import {
  ConfigError,
  type ConfigProblem,
  formatPath,
  type Report,
  under,
  type Warn,
  type WarningRule,
} from './config-problems.ts';
import { configSchema } from './config-schema.ts';
import { freezeDeeply } from './freeze-deeply.ts';
import { hashConfig } from './hash-config.ts';
import { buildLimits, buildStore } from './limits-schema.ts';
import { buildMonitoring } from './monitoring-schema.ts';
import { memberOf, toObject } from './raw-values.ts';
import { describeIssue } from './schema-issues.ts';
import { warnOfDots } from './warn-claims.ts';
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

function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}
