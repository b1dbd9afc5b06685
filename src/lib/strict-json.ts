/** Parses JSON objects that every parser reads alike: UTF-8, no repeated member, limited nesting. */
import { isUtf8 } from 'node:buffer';

/** A JSON object without a prototype, at every depth. */
export type JsonObject = Readonly<Record<string, unknown>>;

export type JsonResult =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly problem: string };

const MAX_DEPTH = 16;

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** True for a JSON object: not null and not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses bytes that must be one JSON object. Parsers disagree on which of two equal member names
 * counts (RFC 8259, section 4), so repeated names are refused, with any escapes. A byte order mark
 * is refused too. Never throws: it returns the problem, which quotes nothing from the input.
 */
export function parseJsonObject(bytes: Buffer): JsonResult {
  if (!isUtf8(bytes)) return { ok: false, problem: 'is not UTF-8' };

  const text = bytes.toString('utf8');
  const { depth, members } = scanStructure(text);
  if (depth > MAX_DEPTH) return { ok: false, problem: 'is nested too deeply' };

  const value = parseJson(text);
  if (!isJsonObject(value)) return { ok: false, problem: 'is not a JSON object' };
  if (dropPrototypes(value) !== members) {
    return { ok: false, problem: 'has a repeated member' };
  }
  return { ok: true, value };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Counts members (colons outside strings) and the deepest nesting in one pass. The numbers are
 * valid only if the text is JSON, which the caller checks afterwards.
 */
function scanStructure(text: string): { readonly depth: number; readonly members: number } {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case COLON:
        members++;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        if (depth > deepest) deepest = depth;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
        break;
    }
  }
  return { depth: deepest, members };
}

/** Returns the position of the quote that ends the string starting at `start`. */
export function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote;
}

/** A quote after an odd number of backslashes is part of its string. */
function isEscaped(text: string, quote: number): boolean {
  let first = quote;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (quote - first) % 2 === 1;
}

/**
 * Removes the prototype of every object, so that `constructor` or `__proto__` exists only if the
 * input has it. Counts members: JSON.parse merges repeated ones, so the count is lower then.
 */
function dropPrototypes(value: object): number {
  let members = 0;
  if (!Array.isArray(value)) {
    Object.setPrototypeOf(value, null);
    members = Object.keys(value).length;
  }
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) members += dropPrototypes(inner);
  }
  return members;
}
