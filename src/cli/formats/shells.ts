/** Quotes text for shells, and writes commands that set environment variables. */
import type { Variables } from './variables.ts';

/** POSIX: nothing in single quotes is special, so only the quote itself is written outside of them. */
function quoteForSh(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** In single quotes of fish, a backslash escapes a quote and itself: https://fishshell.com/docs/current/language.html#quotes */
function quoteForFish(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/**
 * PowerShell takes typographic quotes for the quote too, and each is written twice:
 * https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
 */
function quoteForPowerShell(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

const SET = {
  sh: (name: string, value: string) => `export ${name}=${quoteForSh(value)}`,
  fish: (name: string, value: string) => `set -gx ${name} ${quoteForFish(value)}`,
  powershell: (name: string, value: string) => `$env:${name} = ${quoteForPowerShell(value)}`,
} as const;

const UNSET = {
  sh: (name: string) => `unset ${name}`,
  fish: (name: string) => `set -e ${name}`,
  powershell: (name: string) => `Remove-Item Env:${name} -ErrorAction Ignore`,
} as const;

export type Shell = keyof typeof SET;

/** One command for each variable: it sets the value, or removes an older one. */
export function shellCommands(shell: Shell, variables: Variables): string {
  const lines = Object.entries(variables).map(([name, value]) =>
    value === undefined ? UNSET[shell](name) : SET[shell](name, value),
  );
  return `${lines.join('\n')}\n`;
}
