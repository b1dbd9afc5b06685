/** Reads YAML, and keeps the position of every value. */
import { type Document, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { describeYamlErrors } from './yaml-problems.ts';

export interface YamlSource {
  /** The plain value, with `${env:NAME}` replaced. Undefined if the YAML cannot be read. */
  readonly value: unknown;
  readonly problems: readonly SourceProblem[];
  /** Whether the value at the path refers to a variable that is not set. `problems` says so already. */
  isUnset(path: readonly PropertyKey[]): boolean;
  /** The position of the value at the path, or of its nearest existing parent. */
  locate(path: readonly PropertyKey[]): Position;
  /** The position of a key of the map at the path. */
  locateKey(path: readonly PropertyKey[], key: string): Position;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

interface SourceProblem extends Position {
  readonly message: string;
}

/** 10,000 grants with 1,000 issuers take about 2.5 million characters. */
const MAX_LENGTH = 8 * 1024 * 1024;
/** Aliases can expand a small text into a huge value. */
const MAX_ALIASES = 100;

const ENVIRONMENT_REFERENCE = /\$\{env:([^}]*)\}/g;
const START: Position = { line: 1, column: 1 };

/** Parses YAML 1.2. Never throws: errors are in `problems`. */
export function readYaml(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): YamlSource {
  if (text.length > MAX_LENGTH) {
    return unreadable([
      {
        ...START,
        message: `is longer than ${MAX_LENGTH} characters; check that it is a broker config`,
      },
    ]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const errors = describeYamlErrors(text, document.errors);
  if (errors.length > 0) {
    return unreadable(errors.map(({ offset, message }) => ({ ...positionAt(offset), message })));
  }

  const unset = replaceReferences(document, environment);
  const problems: SourceProblem[] = [...unset].map(([name, [first = 0, ...others]]) => ({
    ...positionAt(first),
    message: `the environment variable "${name}" is not set; set it, or write the value here${describeOthers(others.map((offset) => positionAt(offset).line))}`,
  }));
  const unsetPlaces = new Set([...unset.values()].flat());

  return {
    value: toPlainValue(document, problems),
    problems,
    isUnset(path) {
      const offset = offsetOf(document, path);
      return offset !== undefined && unsetPlaces.has(offset);
    },
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
  return {
    value: undefined,
    problems,
    isUnset: () => false,
    locate: () => START,
    locateKey: () => START,
  };
}

/**
 * Replaces references once, in strings that are already parsed: an inserted value is never read as YAML
 * or as a reference. Returns the places of each variable that is not set.
 */
function replaceReferences(
  document: Document,
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, readonly number[]> {
  const unset = new Map<string, number[]>();
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return;
      node.value = node.value.replace(ENVIRONMENT_REFERENCE, (_reference, name: string) => {
        const value = environment[name];
        if (value === undefined) {
          unset.set(name, [...(unset.get(name) ?? []), node.range?.[0] ?? 0]);
        }
        return value ?? '';
      });
    },
  });
  return unset;
}

function describeOthers(lines: readonly number[]): string {
  return lines.length === 0 ? '' : ` (also used in line ${lines.join(', ')})`;
}

function toPlainValue(document: Document, problems: SourceProblem[]): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    problems.push({
      ...START,
      message: 'has aliases that are too many or cannot be resolved; write the values out',
    });
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
