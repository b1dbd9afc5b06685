/** Writes findings as commands of GitHub Actions, which shows them beside the lines of a pull request. */
import type { CheckResult, Finding, Severity } from '../finding.ts';

const COMMANDS: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  note: 'notice',
};

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands */
export function asGithub({ findings }: CheckResult): string {
  return findings.map((finding) => `${toCommand(finding)}\n`).join('');
}

function toCommand({ severity, file, line, column, rule, path, reason, fix }: Finding): string {
  const properties = { file, line: String(line), col: String(column), title: rule };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${inProperty(value)}`);
  const what = path === '' ? reason : `${path}: ${reason}`;
  const message = fix === reason ? what : `${what}\nInstead: ${fix}`;
  return `::${COMMANDS[severity]} ${list.join(',')}::${inMessage(message)}`;
}

/** As the toolkit of GitHub escapes data, so that no text ends the command or begins another one. */
function inMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function inProperty(text: string): string {
  return inMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
