/** Bounds an audit line: cuts its longest lists and texts, and says in the line what was cut. */

/** How much of each list and text a line may have. */
interface Bounds {
  readonly reported: number;
  readonly items: number;
  readonly characters: number;
}

/** From the least loss to the most. The last ones always suffice for the members of a line. */
const ATTEMPTS: readonly Bounds[] = [
  { reported: 1, items: Number.POSITIVE_INFINITY, characters: Number.POSITIVE_INFINITY },
  { reported: 0, items: Number.POSITIVE_INFINITY, characters: Number.POSITIVE_INFINITY },
  { reported: 0, items: 20, characters: 1024 },
  { reported: 0, items: 5, characters: 512 },
  { reported: 0, items: 1, characters: 256 },
  { reported: 0, items: 0, characters: 128 },
];

/**
 * Returns the text of the line if it has at most `maxBytes`. Otherwise the text of a shorter line
 * with the member `shortened`: the full length of each list or text that was cut, by its path.
 */
export function boundLine(
  line: object,
  toText: (line: object) => string,
  maxBytes: number,
): string {
  const whole = toText(line);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  let text = whole;
  for (const bounds of ATTEMPTS) {
    const shortened: Record<string, number> = {};
    const cut = cutValue(line, { path: '', bounds, shortened });
    text = toText({ ...toObject(cut), shortened });
    if (Buffer.byteLength(text) <= maxBytes) break;
  }
  return text;
}

function cutValue(
  value: unknown,
  at: {
    readonly path: string;
    readonly bounds: Bounds;
    /** Filled by path. */
    readonly shortened: Record<string, number>;
  },
): unknown {
  const { path, bounds, shortened } = at;
  if (typeof value === 'string') {
    if (value.length > bounds.characters) shortened[path] = value.length;
    return value.slice(0, bounds.characters);
  }
  if (Array.isArray(value)) {
    const limit = path === 'reported' ? bounds.reported : bounds.items;
    if (value.length > limit) shortened[path] = value.length;
    return value
      .slice(0, limit)
      .map((item, index) => cutValue(item, { ...at, path: `${path}.${index}` }));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      cutValue(member, { ...at, path: path === '' ? name : `${path}.${name}` }),
    ]),
  );
}

function toObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
