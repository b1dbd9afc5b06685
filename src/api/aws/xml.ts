/** Writes XML documents of elements with text. */

/** The namespace of AWS STS. */
export const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** Elements by name, in the order in which they are written. */
export interface Elements {
  readonly [name: string]: string | Elements;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['\r', '&#13;'],
]);

/** What no document may contain, not even escaped (https://www.w3.org/TR/xml/#charsets). */
const FORBIDDEN = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** A document with one element of this name and namespace. Names and namespace are written unchanged. */
export function toElement(name: string, namespace: string, content: Elements): string {
  return `<${name} xmlns="${namespace}">${toContent(content)}</${name}>`;
}

function toContent(content: string | Elements): string {
  if (typeof content === 'string') return escapeXml(content);
  return Object.entries(content)
    .map(([name, inner]) => `<${name}>${toContent(inner)}</${name}>`)
    .join('');
}

/** Text for the content of an element. A character that no document may contain becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(FORBIDDEN, '\ufffd')
    .replace(/[&<>\r]/g, (character) => ESCAPES.get(character) ?? character);
}
