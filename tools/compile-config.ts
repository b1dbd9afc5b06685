/** `npm run compile -- broker.yaml dist/broker.json`: checks a config and writes its compiled form, which loads faster. */
import { readFileSync, writeFileSync } from 'node:fs';
import { writeCompiledConfig } from '../src/config-loader/compiled-config.ts';
import { ConfigError, formatProblem } from '../src/config-loader/config-problems.ts';
import { loadConfig } from '../src/config-loader/load-config.ts';

const [, , from, to] = process.argv;
if (from === undefined || to === undefined) {
  process.stderr.write('usage: npm run compile -- broker.yaml dist/broker.json\n');
  process.exit(1);
}
try {
  const text = readFileSync(from, 'utf8');
  const { config, warnings } = loadConfig({ text, file: from, environment: process.env });
  for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
  writeFileSync(to, writeCompiledConfig(config));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
