/** Reads what YAML gave, before any schema has checked it. */

export function memberOf(value: unknown, name: string): unknown {
  return toObject(value)[name];
}

export function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function toText(value: unknown): readonly string[] {
  return typeof value === 'string' ? [value] : [];
}
