/** Reads YAML so that every value can be traced back to its line. */
import { type Document, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { replaceUnsafeNumbers } from './unsafe-numbers.ts';

export interface YamlSource {
  /** The plain value, with `${env:NAME}` replaced; undefined where the YAML cannot be read. */
  readonly value: unknown;
  readonly problems: readonly SourceProblem[];
  /** Where the value at the path is, or where it would have to be. */
  locate(path: readonly PropertyKey[]): Position;
  /** Where a key of the map at the path is. */
  locateKey(path: readonly PropertyKey[], key: string): Position;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

interface SourceProblem extends Position {
  readonly message: string;
}

/** A config is some kilobytes; nothing of this size is one. */
const MAX_LENGTH = 256 * 1024;
/** Aliases can make a small text into a huge value. */
const MAX_ALIASES = 100;

const ENVIRONMENT_REFERENCE = /\$\{env:([^}]*)\}/g;
const START: Position = { line: 1, column: 1 };

/** Parses YAML 1.2. Throws nothing: what is wrong is told in `problems`. */
export function readYaml(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): YamlSource {
  if (text.length > MAX_LENGTH) {
    return unreadable([{ ...START, message: `is longer than ${MAX_LENGTH} characters` }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems: SourceProblem[] = document.errors.map((error) => ({
    ...positionAt(error.pos[0]),
    message: `is not YAML: ${error.message}`,
  }));
  if (problems.length > 0) return unreadable(problems);

  const report = (offset: number, message: string) => {
    problems.push({ ...positionAt(offset), message });
  };
  replaceUnsafeNumbers(document, report);
  replaceReferences(document, environment, report);

  return {
    value: toPlainValue(document, problems),
    problems,
    locate(path) {
      for (let length = path.length; length >= 0; length--) {
        const offset = offsetOf(document, path.slice(0, length));
        if (offset !== undefined) return positionAt(offset);
      }
      return START;
    },
    locateKey(path, key) {
      const map = path.length === 0 ? document.contents : document.getIn(path, true);
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && item.key.value === key)
        : undefined;
      const range = isScalar(pair?.key) ? pair.key.range : undefined;
      return range ? positionAt(range[0]) : this.locate(path);
    },
  };
}

function unreadable(problems: readonly SourceProblem[]): YamlSource {
  return { value: undefined, problems, locate: () => START, locateKey: () => START };
}

/** Replaces once, inside values that YAML has already made into strings: the text put in is never syntax. */
function replaceReferences(
  document: Document,
  environment: Readonly<Record<string, string | undefined>>,
  report: (offset: number, message: string) => void,
): void {
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return;
      node.value = node.value.replace(ENVIRONMENT_REFERENCE, (_reference, name: string) => {
        const value = environment[name];
        if (value === undefined) {
          const message = `the environment has no variable "${name}"; set it, or write the value here`;
          report(node.range?.[0] ?? 0, message);
        }
        return value ?? '';
      });
    },
  });
}

function toPlainValue(document: Document, problems: SourceProblem[]): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    problems.push({ ...START, message: 'has aliases that cannot be followed; write them out' });
    return undefined;
  }
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const { range } = node;
  const offset: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof offset === 'number' ? offset : undefined;
}
