/** Renders the answers of STS as JSON or XML. */

/** Names and values in order. A value is a text or has members itself. */
export interface Members {
  readonly [name: string]: string | Members;
}

export type Format = 'json' | 'xml';

export interface Document {
  readonly text: string;
  readonly contentType: string;
}

/**
 * The format of an answer. XML is the default of STS
 * (https://www.alibabacloud.com/help/doc-detail/28759.htm).
 */
export function toFormat(format: string | undefined): Format {
  return format?.toLowerCase() === 'json' ? 'json' : 'xml';
}

/** `root`: the name of the outermost element, which JSON does not have. */
export function renderDocument(format: Format, root: string, members: Members): Document {
  return format === 'json'
    ? { text: JSON.stringify(members), contentType: 'application/json;charset=utf-8' }
    : {
        text: `<?xml version='1.0' encoding='UTF-8'?>${element(root, members)}`,
        contentType: 'text/xml;charset=utf-8',
      };
}

function element(name: string, value: string | Members): string {
  const content =
    typeof value === 'string'
      ? escapeText(value)
      : Object.entries(value)
          .map(([member, inner]) => element(member, inner))
          .join('');
  return `<${name}>${content}</${name}>`;
}

/** No document may contain these, escaped or not (https://www.w3.org/TR/xml/#charsets). */
const NOT_IN_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function escapeText(text: string): string {
  return text
    .replace(NOT_IN_XML, '\ufffd')
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? '')
    .replaceAll('\r', '&#13;');
}
