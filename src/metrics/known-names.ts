/** Bounds the names that labels get. */

/** Further names share one label. A config has few; only one that changes again and again has more. */
const MAX_NAMES = 2000;
/** No name in a config has this form. */
const OTHERS = '(others)';

/** Returns the label for a name: itself, `(others)` beyond the bound, or nothing if there is no name. */
export type ToLabel = (name: string | undefined) => string;

export function createToLabel(): ToLabel {
  const known = new Set<string>();
  return function toLabel(name = '') {
    if (name === '' || known.has(name)) return name;
    if (known.size >= MAX_NAMES) return OTHERS;
    known.add(name);
    return name;
  };
}
