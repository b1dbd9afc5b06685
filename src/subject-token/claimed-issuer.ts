/** Finds the issuer that a token claims, without parsing its claims. */
import { endOfString } from '../lib/strict-json.ts';

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const NAME = '"iss"';
const WHITE_SPACE = ' \t\n\r';

/**
 * Returns the first top-level `iss` that is a string, or undefined. To parse all claims of a forged
 * token of 8 KiB costs as much as its signature. The text may be anything, and the value proves
 * nothing: it only selects the keys. Whoever uses it must compare it with the parsed claims later.
 */
export function findClaimedIssuer(text: string): string | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (depth === 1 && text.startsWith(NAME, at)) {
          const colon = skipWhiteSpace(text, end + 1);
          if (text.charCodeAt(colon) === COLON) return readString(text, colon + 1);
        }
        at = end;
        break;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
        break;
    }
  }
  return undefined;
}

function readString(text: string, from: number): string | undefined {
  const start = skipWhiteSpace(text, from);
  if (text.charCodeAt(start) !== QUOTE) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(start, endOfString(text, start) + 1));
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function skipWhiteSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && WHITE_SPACE.includes(text.charAt(at))) at++;
  return at;
}
