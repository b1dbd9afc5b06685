/** Checks a config: whether it loads, what the loader warns of, and what every other rule finds. */
import { ConfigError, type ConfigProblem, formatPath } from '../config-loader/config-problems.ts';
import { type LoadedConfig, loadConfig } from '../config-loader/load-config.ts';
import { readYaml } from '../config-loader/yaml-source.ts';
import { checkAssertions } from '../prove/check-assertions.ts';
import { applySilences } from './apply-silences.ts';
import type { CheckResult, Finding } from './finding.ts';
import { INVALID, LOADER_RULES, severityOf } from './loader-rules.ts';
import { readSilences } from './read-silences.ts';
import { RULES } from './rules.ts';

export interface ConfigText {
  readonly text: string;
  /** The name of the config in findings. */
  readonly file: string;
  /** For `${env:NAME}`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Never throws for a config that is wrong: what is wrong are the findings. */
export function checkConfig(input: ConfigText): CheckResult {
  const { file } = input;
  const loaded = tryToLoad(input);
  if ('problems' in loaded) {
    const { id, severity } = INVALID;
    const findings = loaded.problems.map((problem) => ({
      rule: id,
      severity,
      ...describe(problem),
    }));
    return { file, findings, silenced: [], loads: false };
  }
  const all = [...loaded.warnings.flatMap(toFinding), ...applyRules(loaded, input)];
  const rules = [...LOADER_RULES.filter((rule) => rule !== INVALID), ...RULES];
  const { findings, silenced } = applySilences(all, readSilences(input.text), { file, rules });
  return { file, findings: inOrder(findings), silenced: inOrder(silenced), loads: true };
}

function tryToLoad(
  input: ConfigText,
): LoadedConfig | { readonly problems: readonly ConfigProblem[] } {
  try {
    return loadConfig({ ...input, checkAssertions });
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems };
    throw error;
  }
}

function toFinding(warning: ConfigProblem): readonly Finding[] {
  const { rule } = warning;
  return rule === undefined ? [] : [{ rule, severity: severityOf(rule), ...describe(warning) }];
}

/** The messages of the loader say what is wrong, and after the last semicolon what to write instead. */
function describe({ file, line, column, path, message }: ConfigProblem) {
  const at = message.lastIndexOf('; ');
  const [reason, fix] =
    at === -1 ? [message, message] : [message.slice(0, at), message.slice(at + 2)];
  return { file, line, column, path, reason, fix };
}

function applyRules({ config }: LoadedConfig, { text, file, environment }: ConfigText) {
  const source = readYaml(text, environment);
  return RULES.flatMap(({ id, severity, find }) =>
    find(config).map(({ path, reason, fix }): Finding => {
      const position = source.locate(path);
      return { rule: id, severity, file, ...position, path: formatPath(path), reason, fix };
    }),
  );
}

function inOrder<Place extends Finding>(findings: readonly Place[]): readonly Place[] {
  return [...findings].sort((a, b) => a.line - b.line || a.column - b.column);
}
