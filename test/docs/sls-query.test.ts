/** The parser that holds the queries of the pages refuses what it does not know. */
import { describe, expect, it } from 'vitest';
import { parseSlsQuery } from './sls-query.ts';

const QUERY = `* | SELECT json_extract_scalar(message, '$.why.hint') AS hint, count(*) AS requests
FROM log WHERE json_extract_scalar(message, '$.decision') = 'refused' GROUP BY hint ORDER BY requests DESC LIMIT 10`;

describe('a query', () => {
  it('is parsed into its members and columns', () => {
    expect(parseSlsQuery(QUERY)).toEqual({
      members: ['why.hint', 'decision'],
      columns: ['hint', 'requests'],
    });
  });

  it.each<[string, string, string]>([
    ['no bar', '* |', '*'],
    ['no search', '* |', ''],
    ['an unknown function', 'count(*)', 'tally(*)'],
    ['an unclosed parenthesis', 'count(*)', 'count(*'],
    ['an unclosed text', "'refused'", "'refused"],
    ['text in double quotes', "'refused'", '"refused"'],
    ['another field', "(message, '$.decision')", "(content, '$.decision')"],
    ['no path', "'$.decision'", "'decision'"],
    ['an unknown column', 'GROUP BY hint', 'GROUP BY hints'],
    ['another table', 'FROM log', 'FROM logs'],
    ['no comma', 'hint, count', 'hint count'],
    ['a keyword as a name', 'AS hint', 'AS FROM'],
    ['something after its end', 'LIMIT 10', 'LIMIT 10 x'],
  ])('with %s is refused', (_what, from, to) => {
    expect(QUERY).toContain(from);
    expect(() => parseSlsQuery(QUERY.replace(from, to))).toThrow();
  });
});
