/** The little XML that OSS speaks: building answers, and picking members out of requests. */

/** An element with text, or with the elements of an array. */
export function element(name: string, content: string | number | readonly string[]): string {
  const inner = Array.isArray(content) ? content.join('') : escapeXml(String(content));
  return `<${name}>${inner}</${name}>`;
}

/** A whole document. */
export function xmlDocument(root: string, children: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, children)}`;
}

/** The texts of every element of that name. Enough for the flat documents that clients send. */
export function textsOf(xml: string, name: string): readonly string[] {
  const pattern = new RegExp(`<${name}>([^<]*)</${name}>`, 'g');
  return [...xml.matchAll(pattern)].map(([, text = '']) => unescapeXml(text));
}

const ESCAPES: readonly (readonly [string, string])[] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
];

function escapeXml(text: string): string {
  return ESCAPES.reduce((escaped, [plain, entity]) => escaped.replaceAll(plain, entity), text);
}

function unescapeXml(text: string): string {
  const plain = text
    .replace(/&#x([0-9a-fA-F]+);/g, (_entity, hex: string) =>
      String.fromCodePoint(Number.parseInt(hex, 16)),
    )
    .replace(/&#(\d+);/g, (_entity, decimal: string) => String.fromCodePoint(Number(decimal)));
  return [...ESCAPES]
    .reverse()
    .reduce((unescaped, [character, entity]) => unescaped.replaceAll(entity, character), plain);
}
