/** Writes languages and the resources of a session policy as regular expressions of SMT-LIB. */
import type { Language } from '../../src/prove/language.ts';

const ALL = 're.all';
const NONE = 're.none';

/** https://smt-lib.org/theories-UnicodeStrings.shtml: `"` twice, all but ASCII as an escape. */
export function literal(text: string): string {
  const escaped = Array.from(text, (sign) =>
    /[ !#-[\]-~]/.test(sign) ? sign : `\\u{${sign.codePointAt(0)?.toString(16)}}`,
  ).join('');
  return `"${escaped}"`;
}

export const textRegex = (text: string): string => `(str.to_re ${literal(text)})`;

export function union(regexes: readonly string[]): string {
  const [first = NONE, ...others] = regexes;
  return others.length === 0 ? first : `(re.union ${regexes.join(' ')})`;
}

export function concat(regexes: readonly string[]): string {
  const [first = textRegex(''), ...others] = regexes;
  return others.length === 0 ? first : `(re.++ ${regexes.join(' ')})`;
}

/** A RAM pattern without `?`: `*` is anything. */
export function globRegex(pattern: string): string {
  return concat(
    pattern.split('*').flatMap((part, index) => [...(index === 0 ? [] : [ALL]), textRegex(part)]),
  );
}

/**
 * Defines a language with finitely many texts, one definition for each of its states, the last ones
 * first. Returns the definitions; the language is then `<name>0`.
 */
export function define(name: string, { states }: Language): readonly string[] {
  if (states.length === 0) return [`(define-fun ${name}0 () RegLan ${NONE})`];
  const done = new Set<number>();
  const definitions: string[] = [];
  const visit = (state: number): void => {
    if (done.has(state)) return;
    done.add(state);
    const { accepts = false, moves = [] } = states[state] ?? {};
    for (const [, , next] of moves) visit(next);
    const ways = moves.map(([from, to, next]) =>
      concat([
        `(re.range ${literal(String.fromCharCode(from))} ${literal(String.fromCharCode(to))})`,
        `${name}${next}`,
      ]),
    );
    definitions.push(
      `(define-fun ${name}${state} () RegLan ${union([...(accepts ? [textRegex('')] : []), ...ways])})`,
    );
  };
  visit(0);
  return definitions;
}
