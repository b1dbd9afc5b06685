/** Finds numbers of a config that YAML has rounded. */
import { type Document, visit } from 'yaml';
import { isUnsafeNumber } from '../lib/is-unsafe-number.ts';

/** Numbers of a config are short. */
const MAX_QUOTED = 40;

/**
 * Reports every number beyond 2^53, as a key or as a value, and replaces it by its text. So the
 * schema does not report it a second time.
 */
export function replaceUnsafeNumbers(
  document: Document,
  report: (offset: number, message: string) => void,
): void {
  visit(document, {
    Scalar(_key, node) {
      if (!isUnsafeNumber(node.value)) return;
      const text = (node.source ?? String(node.value)).slice(0, MAX_QUOTED);
      node.value = text;
      const message = `is the number ${text}, beyond 2^53, where numbers equal their neighbours; if it is an id, write it as a quoted string: "${text}"`;
      report(node.range?.[0] ?? 0, message);
    },
  });
}
