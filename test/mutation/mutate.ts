/** Runs the mutation test: `npm run mutate [-- <part>...]`. Without a part, it runs all of them. */
import { Stryker } from '@stryker-mutator/core';
import { parts } from './parts.ts';

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !parts.has(name));
if (unknown.length > 0) {
  throw new Error(`no such part: ${unknown.join(', ')}; there are ${[...parts.keys()].join(', ')}`);
}

for (const [name, { code }] of parts) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  // vitest.config.ts reads it, in processes that Stryker starts
  process.env['MUTATED_PART'] = name;
  await new Stryker({
    configFile: 'test/mutation/stryker.json',
    mutate: [...code],
    tempDirName: `dist/mutation/${name}`,
    jsonReporter: { fileName: `dist/mutation/${name}.json` },
  }).runMutationTest();
}
