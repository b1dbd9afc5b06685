/** Counts findings, and says whether a script should act on them. */
import type { CheckResult, Severity } from './finding.ts';

export function countFindings({ findings }: CheckResult): Readonly<Record<Severity, number>> {
  const count = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted).length;
  return { error: count('error'), warning: count('warning'), note: count('note') };
}

/** `isStrict`: warnings count like errors. Notes never do. */
export function isFound(result: CheckResult, isStrict: boolean): boolean {
  const { error, warning } = countFindings(result);
  return error > 0 || (isStrict && warning > 0);
}
