/** A diff as Markdown, for a comment on a pull request. */
import type { DiffFacts, ExampleFacts } from './facts.ts';

export function diffAsMarkdown({ added, removed, changed }: DiffFacts): string {
  if (added.length + removed.length + changed.length === 0) {
    return 'The two configs issue the same to everybody.\n';
  }
  const surplusRows = [
    ...added.map((one) => ({ change: 'adds', ...one })),
    ...removed.map((one) => ({ change: 'takes away', ...one })),
  ].map(({ change, grant, issuer, rights, target, claim, example }) => [
    change,
    code(grant),
    claim === undefined ? code(issuer) : `${code(issuer)}, others by ${code(claim)}`,
    rights.map(code).join(' '),
    code(target),
    exampleText(example),
  ]);
  const changeRows = changed.map(({ issuer, grant, setting, from, to }) => [
    grant === undefined ? `issuer ${code(issuer)}` : code(grant),
    code(setting),
    code(from),
    code(to),
  ]);
  return [
    ...table(['change', 'grant', 'callers of', 'rights', 'target', 'example'], surplusRows),
    ...(surplusRows.length > 0 && changeRows.length > 0 ? [''] : []),
    ...table(['of', 'setting', 'from', 'to'], changeRows),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function exampleText(example: ExampleFacts | undefined): string {
  if (example === undefined) return '';
  const { claims, target } = example;
  return [target, JSON.stringify(claims)]
    .flatMap((text) => (text === undefined ? [] : [code(text)]))
    .join(' ');
}

/** As code, which has no other markup; a `|` would end the cell, and as many backticks as the fence the code. */
function code(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  // https://spec.commonmark.org/0.31.2/#code-spans: one space at each end is no part of the code
  const inner = /^`|`$/.test(text) ? ` ${text} ` : text;
  return `${fence}${inner.replaceAll('|', '\\|').replace(/[\r\n]/g, ' ')}${fence}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}
