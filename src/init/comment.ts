/** Writes text as comments of YAML. */

const WIDTH = 96;

/** The lines of a comment, each with this indentation; the ones after the first are moved in. */
export function comment(text: string, { first = '# ', rest = '# ' } = {}): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
