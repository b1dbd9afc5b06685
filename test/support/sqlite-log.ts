/**
 * Runs queries of Simple Log Service with SQLite, which takes the part of the language that the project
 * uses, on lines in the field `message`. It is not the real service: types and functions are its own.
 */
import { spawnSync } from 'node:child_process';
import { builtBundle } from './built-bundle.ts';

/** Runs in a Node that has SQLite. */
const PROGRAM = `
const { DatabaseSync } = require('node:sqlite');
const { lines, queries } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const database = new DatabaseSync(':memory:');
const at = (text, path) => path.slice(2).split('.').reduce((value, name) => value?.[name], JSON.parse(text));
database.function('json_extract_scalar', (text, path) => {
  const value = at(text, path);
  return value === undefined || value === null || typeof value === 'object' ? null : String(value);
});
database.aggregate('approx_percentile', {
  start: '',
  step: (state, value, share) => value === null ? state : JSON.stringify({ share, values: [...(state ? JSON.parse(state).values : []), Number(value)] }),
  result: (state) => {
    if (!state) return null;
    const { share, values } = JSON.parse(state);
    return values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
  },
});
database.exec('CREATE TABLE log (message TEXT)');
const insert = database.prepare('INSERT INTO log VALUES (?)');
for (const line of lines) insert.run(line);
console.log(JSON.stringify(queries.map((query) => database.prepare(query.replace(/^\\* \\| /, '')).all())));
`;

/** Whether the shipped Node runs here, which has SQLite. Tests run in one that may have none. */
export function hasSqlite(): boolean {
  return spawnSync(builtBundle().node, ['-e', "require('node:sqlite')"]).status === 0;
}

export type Row = Readonly<Record<string, unknown>>;

/** Returns the rows of each query. Throws if SQLite does not take one. */
export function runQueries(
  lines: readonly string[],
  queries: readonly string[],
): readonly (readonly Row[])[] {
  const { status, stdout, stderr } = spawnSync(builtBundle().node, ['-e', PROGRAM], {
    input: JSON.stringify({ lines, queries }),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const results: readonly (readonly Row[])[] = JSON.parse(stdout);
  return results;
}
