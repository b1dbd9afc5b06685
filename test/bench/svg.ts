/** Writes the few SVG elements that the plot needs. */

export type Attributes = Readonly<Record<string, string | number>>;

/** An element with other elements in it. */
export function element(name: string, attributes: Attributes, ...inner: readonly string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  return `<${name}${written.join('')}>${inner.join('')}</${name}>`;
}

/** Text whose first letter, middle or last letter is at the point. `y` is its baseline. */
export function label(
  at: { readonly x: number; readonly y: number },
  content: string,
  attributes: Attributes = {},
): string {
  return element('text', { ...at, ...attributes }, escapeXml(content));
}

export function line(
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  attributes: Attributes,
): string {
  return element('line', { x1: from.x, y1: from.y, x2: to.x, y2: to.y, ...attributes });
}

function escapeXml(value: string | number): string {
  return String(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
