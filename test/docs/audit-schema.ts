/** The schema of the audit lines as the operations page documents it, and the members that lines have. */
import { namesInCell, rowsOf, sectionOf } from './sections.ts';

const PAGE = 'docs/operations.md';

/** The documented types of members by path, e.g. `targets[].target`. */
export function documentedMembers(): ReadonlyMap<string, string> {
  const rows = rowsOf(sectionOf(PAGE, 'Audit lines'));
  return new Map(
    rows.flatMap(([, names = '', type = '']) =>
      namesInCell(names).map((name) => [name, type.trim()] as const),
    ),
  );
}

/** The documented members of `why` by reason. */
export function documentedReasons(): ReadonlyMap<string, readonly string[]> {
  const rows = rowsOf(sectionOf(PAGE, 'Reasons'));
  return new Map(
    rows.flatMap(([, reasons = '', members = '']) =>
      namesInCell(reasons).map((reason) => [reason, namesInCell(members)] as const),
    ),
  );
}

/** Members whose own members are documented elsewhere. */
const OPAQUE = ['why', 'reported', 'shortened'];

/** The types of the members of a line by path, in the words of the page. */
export function membersOf(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (Array.isArray(value)) {
    if (OPAQUE.includes(path)) return [[path, 'list']];
    return value.flatMap((item) => membersOf(item, `${path}[]`));
  }
  if (typeof value !== 'object' || value === null) {
    return [[path, typeof value === 'string' ? 'text' : typeof value]];
  }
  if (OPAQUE.includes(path)) return [[path, 'object']];
  const inner = Object.entries(value).flatMap(([name, member]) =>
    membersOf(member, path === '' ? name : `${path}.${name}`),
  );
  return path === '' || path.endsWith('[]') ? inner : [[path, 'object'], ...inner];
}
