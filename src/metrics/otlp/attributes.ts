/** Attributes of OTLP in JSON. */

export interface OtlpAttribute {
  readonly key: string;
  readonly value:
    | { readonly stringValue: string }
    | { readonly boolValue: boolean }
    | { readonly intValue: string };
}

/** Leaves out what is undefined or empty. */
export function toAttributes(
  values: Readonly<Record<string, string | number | boolean | undefined>>,
): readonly OtlpAttribute[] {
  const attributes: OtlpAttribute[] = [];
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') attributes.push({ key, value: toValue(value) });
  }
  return attributes;
}

/** Whole numbers have 64 bits, which JSON writes as text. */
function toValue(value: string | number | boolean): OtlpAttribute['value'] {
  if (typeof value === 'boolean') return { boolValue: value };
  return typeof value === 'number'
    ? { intValue: String(Math.trunc(value)) }
    : { stringValue: value };
}

/** Nanoseconds since the epoch, as text: too large for an exact number. */
export function toNanoseconds(milliseconds: number): string {
  return `${Math.max(0, Math.trunc(milliseconds))}000000`;
}
