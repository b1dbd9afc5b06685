/** Reads the comments that silence a rule: `# check-ignore public-acl: reason`. */
import { Lexer } from 'yaml';

export interface Silence {
  /** The line of the comment. Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** The line whose findings it silences: its own, or the next one that is not only a comment. */
  readonly target: number;
  readonly rule: string;
  /** Empty if there is none. */
  readonly reason: string;
}

const MARK = /^#\s*check-ignore\b[\s:]*([^\s:]*)\s*:?\s*(.*)$/;
/** The lexer writes it before the text of a plain or block scalar, which is no comment. */
const SCALAR = '\u001f';

/** Only comments count: the same text in a value is a value. The text is YAML. */
export function readSilences(text: string): readonly Silence[] {
  const lines = text.split('\n');
  const found: Silence[] = [];
  let line = 1;
  let lineStart = 0;
  let offset = 0;
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    if (isMarker(token)) {
      isScalar = token === SCALAR;
      continue;
    }
    const [, rule, reason = ''] = isScalar ? [] : (MARK.exec(token.trimEnd()) ?? []);
    if (rule !== undefined) {
      const target = targetOf(lines, line, offset - lineStart);
      found.push({ line, column: offset - lineStart + 1, target, rule, reason });
    }
    isScalar = false;
    for (let at = token.indexOf('\n'); at !== -1; at = token.indexOf('\n', at + 1)) {
      line++;
      lineStart = offset + at + 1;
    }
    offset += token.length;
  }
  return found;
}

/** Tokens that stand for nothing in the text: the begin of a document, of flow content and of a scalar. */
function isMarker(token: string): boolean {
  return token === '\u0002' || token === '\u0018' || token === SCALAR;
}

function targetOf(lines: readonly string[], line: number, column: number): number {
  const before = lines[line - 1]?.slice(0, column) ?? '';
  if (before.trim() !== '') return line;
  const next = lines.findIndex((text, index) => index >= line && !/^\s*(?:#|$)/.test(text));
  return next === -1 ? line : next + 1;
}
