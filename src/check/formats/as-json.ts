/** Writes findings for programs. */
import { countFindings } from '../count-findings.ts';
import type { CheckResult } from '../finding.ts';

/** One object. Its members are listed on docs/check.md. */
export function asJson(result: CheckResult): string {
  const { file, loads, findings, silenced } = result;
  const counts = { ...countFindings(result), silenced: silenced.length };
  return `${JSON.stringify({ version: 1, file, loads, counts, findings, silenced }, null, 2)}\n`;
}
