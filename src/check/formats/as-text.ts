/** Writes findings for people: one finding, its fix, and a line of counts at the end. */
import { countFindings } from '../count-findings.ts';
import type { CheckResult, Finding, Severity } from '../finding.ts';

/** Adds a colour to text, or not. */
export type Colour = (severity: Severity | 'dim', text: string) => string;

/** `clean` makes text of the file fit for a terminal. */
export function asText(
  result: CheckResult,
  colour: Colour,
  clean: (text: string) => string,
): string {
  const { file, findings, silenced } = result;
  const { error, warning, note } = countFindings(result);
  const counts = [count(error, 'error'), count(warning, 'warning'), count(note, 'note')];
  const rest = silenced.length === 0 ? [] : [`${silenced.length} silenced`];
  return [
    ...findings.flatMap((finding) => toLines(finding, colour, clean)),
    `${clean(file)}: ${[...counts, ...rest].join(', ')}`,
    '',
  ].join('\n');
}

function toLines(
  { file, line, column, severity, rule, path, reason, fix }: Finding,
  colour: Colour,
  clean: (text: string) => string,
): readonly string[] {
  const place = colour('dim', clean(`${file}:${line}:${column}`));
  const what = clean(path === '' ? reason : `${path}: ${reason}`);
  const lines = [`${place} ${colour(severity, severity)} ${rule}`, `  ${what}`];
  return fix === reason ? lines : [...lines, `  instead: ${clean(fix)}`];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
