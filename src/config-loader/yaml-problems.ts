/** Describes YAML errors. One mistake often causes dozens of errors, so only the first is described. */

/** An error of the YAML parser. `pos` holds offsets into the text. */
export interface YamlError {
  readonly code: string;
  readonly pos: readonly [number, number];
  readonly message: string;
}

interface DescribedError {
  /** Offset into the text. */
  readonly offset: number;
  readonly message: string;
}

/** A target in a flow map or list, where a plain text ends at `{`. */
const UNQUOTED_TARGET = /(?:^|[\s,[{:])(oss:\/\/[^\s"',\]]*\{[^\s"',\]]*)/;
const INDENTATION =
  'the lines here do not line up; indent the keys of one map, and the items of one list, by the same number of spaces';

/** Returns the problems to report: each key that is there twice, or else the first mistake alone. */
export function describeYamlErrors(
  text: string,
  errors: readonly YamlError[],
): readonly DescribedError[] {
  const tab = errors.find(({ code }) => code === 'TAB_AS_INDENT');
  const [first] = tab === undefined ? errors : [tab];
  if (first === undefined) return [];
  const repeated = errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  if (repeated.length === errors.length) {
    return repeated.map((error) => ({ offset: error.pos[0], message: describe(text, error) }));
  }
  return [describeFirst(text, first, errors)];
}

function describeFirst(
  text: string,
  error: YamlError,
  errors: readonly YamlError[],
): DescribedError {
  const [offset] = error.pos;
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const line = text.slice(lineStart).split('\n', 1)[0] ?? '';
  const target = UNQUOTED_TARGET.exec(line);
  if (target?.[1] !== undefined && error.code === 'UNEXPECTED_TOKEN') {
    return {
      offset: lineStart + line.indexOf(target[1]),
      message: `a target with "{" must be in quotes here; write "${closeBraces(target[1])}"`,
    };
  }
  if (error.message.startsWith('Missing closing')) {
    const quote = error.message.includes('"') ? '"' : "'";
    return {
      offset: findUnclosed(text, quote),
      message: `a text that begins with ${quote} does not end; add ${quote}`,
    };
  }
  const isContinued = errors.some(
    ({ code, pos }) => code === 'MULTILINE_IMPLICIT_KEY' && pos[0] === offset,
  );
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY' && isContinued) {
    return {
      offset,
      message: /^\s*-[^\s-]/.test(line) ? 'write a space after "-"' : INDENTATION,
    };
  }
  return { offset, message: describe(text, error) };
}

function describe(text: string, { code, pos, message }: YamlError): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'is indented with a tab; use spaces instead';
    case 'DUPLICATE_KEY':
      return `has the key "${wordAt(text, pos[0])}" a second time in the same map; remove one of the two`;
    case 'MULTILINE_IMPLICIT_KEY':
      return 'is not "key: value"; write a colon and a space after the key';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'has a second ": " in one line; put the value in quotes';
    case 'BAD_SCALAR_START':
      return `has a value that begins with "${text.charAt(pos[0])}"; put the value in quotes`;
    case 'MULTIPLE_DOCS':
      return 'begins a second document with "---"; keep one document';
    case 'BAD_INDENT':
      return message.startsWith('Flow')
        ? `a ${message.startsWith('Flow map') ? '{' : '['} before this place is not closed; add ${message.slice(-1)}`
        : INDENTATION;
    case 'MISSING_CHAR':
      return message.startsWith('Sequence') ? INDENTATION : `is not YAML: ${message}`;
    default:
      return `is not YAML: ${message}`;
  }
}

function wordAt(text: string, offset: number): string {
  return /^["']?([^"':\s]*)/.exec(text.slice(offset, offset + 200))?.[1] ?? '';
}

/** In a flow map, the target ends where its braces are balanced: a further `}` closes the map. */
function closeBraces(target: string): string {
  let depth = 0;
  for (const [at, character] of [...target].entries()) {
    if (character === '{') depth++;
    if (character === '}' && --depth < 0) return target.slice(0, at);
  }
  return target;
}

/** The offset of the first line with an odd number of these quotes: the text begins there. */
function findUnclosed(text: string, quote: string): number {
  let offset = 0;
  for (const line of text.split('\n')) {
    if ((line.split(quote).length - 1) % 2 === 1) return offset + line.lastIndexOf(quote);
    offset += line.length + 1;
  }
  return 0;
}
