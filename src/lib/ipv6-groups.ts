/** Parses IPv6 addresses in any notation into numbers. */

/** Returns the eight 16-bit groups of a valid IPv6 address without a zone. */
export function ipv6Groups(address: string): readonly number[] {
  // the URL parser writes the last two groups of ::1.2.3.4 in hexadecimal too
  const [front = '', back = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const head = parseGroups(front);
  const tail = parseGroups(back);
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function parseGroups(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
