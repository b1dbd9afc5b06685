/** `npm run faults`: writes the table of faults in docs/operations.md from the report of their tests. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { BEGIN, END, formatRow, PAGE } from './matrix.ts';

/** The order of the pipeline, then the process. */
const ORDER = ['issuer.test.ts', 'sts.test.ts', 'redis.test.ts', 'process.test.ts'];

const Row = z.object({ fault: z.string(), promise: z.string(), seen: z.string() });
const Report = z.object({
  success: z.literal(true),
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ meta: z.object({ fault: Row.optional() }) })),
    }),
  ),
});

const [reportFile = ''] = process.argv.slice(2);
const { testResults } = Report.parse(JSON.parse(readFileSync(reportFile, 'utf8')));
const rows = ORDER.flatMap((name) =>
  testResults
    .filter((file) => basename(file.name) === name)
    .flatMap((file) => file.assertionResults.flatMap(({ meta }) => meta.fault ?? [])),
);
const table = ['| fault | promise | what was seen |', '|---|---|---|', ...rows.map(formatRow)];

const page = readFileSync(PAGE, 'utf8');
const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
if (before === -1 || after < before) throw new Error(`${PAGE} has no ${BEGIN} and ${END}`);
writeFileSync(PAGE, `${page.slice(0, before)}${BEGIN}\n${table.join('\n')}\n${page.slice(after)}`);
