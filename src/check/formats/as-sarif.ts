/** Writes findings as SARIF 2.1.0, which code scanning and editors read. */
import type { CheckResult, Finding, RuleInfo, Silenced } from '../finding.ts';

/** https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json */
const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json';

/** One run. A silenced finding is a result with a suppression (section 3.35). */
export function asSarif({ findings, silenced }: CheckResult, rules: readonly RuleInfo[]): string {
  const driver = { name: 'oss-token-broker check', rules: rules.map(describeRule) };
  const indexOf = new Map(rules.map(({ id }, index) => [id, index]));
  const results = [
    ...findings.map((finding) => toResult(finding, indexOf)),
    ...silenced.map((finding) => ({
      ...toResult(finding, indexOf),
      suppressions: [{ kind: 'inSource', justification: finding.silence }],
    })),
  ];
  const run = { tool: { driver }, columnKind: 'utf16CodeUnits', results };
  return `${JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, null, 2)}\n`;
}

function describeRule({ id, severity, summary }: RuleInfo) {
  return {
    id,
    shortDescription: { text: `${summary}.` },
    help: {
      text: `docs/check.md#${id} has a config that this rule finds, and one to write instead.`,
    },
    defaultConfiguration: { level: severity },
  };
}

function toResult(
  { rule, severity, file, line, column, path, reason, fix }: Finding | Silenced,
  indexOf: ReadonlyMap<string, number>,
) {
  const what = path === '' ? reason : `${path}: ${reason}`;
  const text = fix === reason ? `${what}.` : `${what}. Instead: ${fix}.`;
  return {
    ruleId: rule,
    ruleIndex: indexOf.get(rule),
    level: severity,
    message: { text },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: toUri(file) },
          region: { startLine: line, startColumn: column },
        },
      },
    ],
  };
}

/** A relative reference, or a file: URL for an absolute path (section 3.4.3). */
function toUri(file: string): string {
  const escaped = file.split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? `file://${escaped}` : escaped;
}
