/** The small part of XML that OSS uses: builds answers and reads elements from requests. */

/** An element with text, or with the elements of an array. */
export function element(name: string, content: string | number | readonly string[]): string {
  const inner = Array.isArray(content) ? content.join('') : escapeXml(String(content));
  return `<${name}>${inner}</${name}>`;
}

/** Milliseconds since the epoch as OSS writes them: whole seconds, and `.000` all the same. oss2 reads nothing else. */
export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}.000Z`;
}

/** A whole document. */
export function xmlDocument(root: string, children: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, children)}`;
}

/** The inner XML of every element with that name. They must not be nested. */
export function elementsOf(xml: string, name: string): readonly string[] {
  const pattern = new RegExp(`<${name}>(.*?)</${name}>`, 'gs');
  return [...xml.matchAll(pattern)].map(([, inner = '']) => inner);
}

/** The text of every element with that name. Sufficient for the flat documents that clients send. */
export function textsOf(xml: string, name: string): readonly string[] {
  const pattern = new RegExp(`<${name}>([^<]*)</${name}>`, 'g');
  return [...xml.matchAll(pattern)].map(([, text = '']) => unescapeXml(text));
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
const NAMES: ReadonlyMap<string, string> = new Map(
  [...ENTITIES].map(([name, character]) => [character, name]),
);

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&${NAMES.get(character)};`);
}

/** In one pass, so that no result is unescaped again. */
function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g,
    (whole, hex, decimal, name) => {
      if (typeof name === 'string') return ENTITIES.get(name) ?? whole;
      const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
