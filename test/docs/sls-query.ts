/** Parses the part of Simple Log Service's query language that the pages use, and finds its members. */

/** Functions of the reference: https://www.alibabacloud.com/help/en/sls/function-overview */
const FUNCTIONS = new Set([
  'json_extract_scalar',
  'json_extract',
  'json_format',
  'strpos',
  'substr',
  'coalesce',
  'count',
  'max',
  'approx_percentile',
  'cast',
]);
const KEYWORDS = new Set(
  'SELECT AS FROM WHERE GROUP BY ORDER LIMIT AND OR DESC bigint log'.split(' '),
);
const TOKEN = /\s*('(?:[^']|'')*'|[A-Za-z_]\w*|\d+(?:\.\d+)?|[(),*|=>])/y;

export interface SlsQuery {
  /** The JSON paths that it reads from the field `message`, e.g. `why.issuerName`. */
  readonly members: readonly string[];
  /** The columns of its result. */
  readonly columns: readonly string[];
}

/**
 * Parses `* | SELECT expression AS name, … FROM log WHERE condition [GROUP BY names]
 * ORDER BY name [DESC] LIMIT number`. Throws for anything else.
 */
export function parseSlsQuery(text: string): SlsQuery {
  const tokens = tokenize(text);
  const members: string[] = [];
  const columns: string[] = [];
  let at = 0;

  const peek = () => tokens[at];
  const isNext = (token: string) => peek() === token;
  function take(): string {
    const token = tokens[at++];
    if (token === undefined) throw new Error('the query ends early');
    return token;
  }
  function expect(...wanted: readonly string[]): void {
    for (const token of wanted) {
      const found = take();
      if (found !== token) throw new Error(`${found} stands where ${token} is wanted`);
    }
  }

  function readValue(): void {
    const token = take();
    if (token.startsWith("'") || /^[\d.]+$/.test(token)) return;
    if (token === '(') {
      readCondition();
      expect(')');
      return;
    }
    if (!isNext('(')) {
      if (token !== 'message' && !columns.includes(token)) throw new Error(`${token} is unknown`);
      return;
    }
    if (!FUNCTIONS.has(token)) throw new Error(`${token} is no function`);
    readArguments(token);
  }

  function readArguments(name: string): void {
    expect('(');
    const isPath = name === 'json_extract' || name === 'json_extract_scalar';
    if (isPath) {
      expect('message', ',');
      const [, path] = /^'\$\.([\w.]+)'$/.exec(take()) ?? [];
      if (path === undefined) throw new Error(`${name} has no path`);
      members.push(path);
    } else if (isNext('*')) take();
    else {
      readCondition();
      if (name === 'cast') expect('AS', 'bigint');
      while (isNext(',')) {
        take();
        readCondition();
      }
    }
    expect(')');
  }

  function readCondition(): void {
    readValue();
    while (['=', '>', 'AND', 'OR'].includes(peek() ?? '')) {
      take();
      readValue();
    }
  }

  function readColumn(): void {
    readValue();
    expect('AS');
    const name = take();
    if (KEYWORDS.has(name) || FUNCTIONS.has(name)) throw new Error(`${name} is no name`);
    columns.push(name);
  }

  function readNames(): void {
    do {
      const name = take();
      if (!columns.includes(name)) throw new Error(`${name} is no column`);
    } while (isNext(',') && take() === ',');
  }

  expect('*', '|', 'SELECT');
  readColumn();
  while (isNext(',') && take() === ',') readColumn();
  expect('FROM', 'log', 'WHERE');
  readCondition();
  if (isNext('GROUP')) {
    expect('GROUP', 'BY');
    readNames();
  }
  expect('ORDER', 'BY');
  readNames();
  if (isNext('DESC')) take();
  expect('LIMIT');
  if (!/^\d+$/.test(take()) || at !== tokens.length) throw new Error('the query does not end');
  return { members, columns };
}

function tokenize(text: string): readonly string[] {
  const tokens: string[] = [];
  let at = 0;
  while (text.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const [whole, token] = TOKEN.exec(text) ?? [];
    if (whole === undefined || token === undefined)
      throw new Error(`cannot read ${text.slice(at)}`);
    tokens.push(token);
    at += whole.length;
  }
  return tokens;
}
