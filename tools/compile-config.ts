/** `npm run compile -- broker.yaml dist/broker.json`: checks a config, writes its compiled form and prints a summary. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeCompiledConfig } from '../src/config-loader/compiled-config.ts';
import { ConfigError, formatProblem } from '../src/config-loader/config-problems.ts';
import { loadConfig } from '../src/config-loader/load-config.ts';
import { summarizeConfig } from '../src/config-loader/summarize-config.ts';
import { systemErrorCode } from '../src/lib/system-error-code.ts';

const [, , from, to] = process.argv;
if (from === undefined || to === undefined)
  stop('usage: npm run compile -- broker.yaml dist/broker.json');

const text = attempt(
  () => readFileSync(from, 'utf8'),
  (code) => `${from} cannot be read (${code}); name the config as the first argument`,
);
try {
  const { config, warnings } = loadConfig({ text, file: from, environment: process.env });
  for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
  attempt(
    () => {
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, writeCompiledConfig(config));
    },
    (code) => `${to} cannot be written (${code})`,
  );
  process.stdout.write(
    `${from}: ${summarizeConfig(config)}\n${to}: written, config ${config.revision.slice(0, 12)}\n`,
  );
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  stop(error.message);
}

/** Ends the process with the sentence if the system refuses the action. */
function attempt<Value>(action: () => Value, describe: (code: string) => string): Value {
  try {
    return action();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return stop(describe(code));
  }
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
