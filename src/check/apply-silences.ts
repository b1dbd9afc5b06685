/** Takes out the findings that comments in the file silence, and finds silences that are wrong. */
import type { Finding, RuleInfo, Silenced } from './finding.ts';
import type { Silence } from './read-silences.ts';
import { UNKNOWN_RULE, UNUSED, WITHOUT_REASON } from './silence-rules.ts';

/** `rules` are those that can be silenced. */
export function applySilences(
  findings: readonly Finding[],
  silences: readonly Silence[],
  { file, rules }: { readonly file: string; readonly rules: readonly RuleInfo[] },
): { readonly findings: readonly Finding[]; readonly silenced: readonly Silenced[] } {
  const known = new Set(rules.map(({ id }) => id));
  const valid = silences.filter(({ rule, reason }) => known.has(rule) && reason !== '');
  const silenceOf = (finding: Finding) =>
    valid.find(({ rule, target }) => rule === finding.rule && target === finding.line);

  const silenced = findings.flatMap((finding) => {
    const silence = silenceOf(finding);
    return silence === undefined ? [] : [{ ...finding, silence: silence.reason }];
  });
  const used = new Set(findings.map(silenceOf));
  const wrong = silences.flatMap((silence): readonly Finding[] => {
    const what = problemOf(silence, known.has(silence.rule), used.has(silence));
    if (what === undefined) return [];
    const { line, column } = silence;
    const { rule, reason, fix } = what;
    return [{ rule: rule.id, severity: rule.severity, file, line, column, path: '', reason, fix }];
  });
  const left = findings.filter((finding) => silenceOf(finding) === undefined);
  return { findings: [...left, ...wrong], silenced };
}

function problemOf(
  { rule, reason, target }: Silence,
  isKnown: boolean,
  isUsed: boolean,
): { readonly rule: RuleInfo; readonly reason: string; readonly fix: string } | undefined {
  if (!isKnown) {
    const reason =
      rule === '' ? 'names no rule' : `names "${rule}", which is no rule that can be silenced`;
    const fix = 'write # check-ignore <rule>: <reason>, with the rule of the finding';
    return { rule: UNKNOWN_RULE, reason, fix };
  }
  if (reason === '') {
    const fix = `write # check-ignore ${rule}: and why this is right here`;
    return {
      rule: WITHOUT_REASON,
      reason: `silences ${rule} without a reason, so it does not`,
      fix,
    };
  }
  if (isUsed) return undefined;
  const fix = 'remove it, or put it on the line of the finding or above it';
  return { rule: UNUSED, reason: `silences nothing: line ${target} has no ${rule}`, fix };
}
