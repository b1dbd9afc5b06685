/** Plain text of the schema as Markdown in a cell of a table. */

/** Text that stands for itself in a file or a request: URLs, names with `_`, maps, paths, methods. */
const LITERAL =
  /\{ ?[\w"][^{}]*(?:\{[^{}]*\}[^{}]*)*\}|(?:POST|GET) \/[\w/-]*|[\w.+-]*:\/\/[^\s,;)]*[^\s,;.:)]|acs:[^\s,;]*[^\s,;.]|oss:\w+|sts:\w+|~?(?<![\w./])\/[a-z][\w./-]*|\w+(?:_\w+)+|x-oss-[a-z-]+|"[^"\s]+"/g;
/** What a description says of one value: `true: …`. */
const VALUE = /(?<=^|[.;] )[a-z]+(?=: )/g;

export function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

export function toText(text: string): string {
  const parts: string[] = [];
  let end = 0;
  for (const { 0: literal, index } of text.matchAll(LITERAL)) {
    parts.push(toPlain(text.slice(end, index)), code(literal.replace(/^"(.*)"$/, '$1')));
    end = index + literal.length;
  }
  return [...parts, toPlain(text.slice(end))].join('').replace(VALUE, (value) => code(value));
}

function toPlain(text: string): string {
  return text.replace(/[\\`*_[\]<>|]/g, (character) => `\\${character}`);
}
