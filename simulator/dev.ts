/** `npm run dev -- broker.yaml`: starts that config, or an example, beside the simulator, and prints a walk to paste. */
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, formatProblem } from '../src/config-loader/config-problems.ts';
import { parseConfig } from '../src/config-loader/parse-config.ts';
import { systemErrorCode } from '../src/lib/system-error-code.ts';
import { describeDev } from './dev/describe-dev.ts';
import { DevProblem } from './dev/dev-problem.ts';
import { readDevOptions } from './dev/options.ts';
import { startDev, USUAL_PORTS } from './dev/start-dev.ts';
import { startPlayground } from './playground/start-playground.ts';

const EXAMPLE = relative('.', fileURLToPath(new URL('dev-broker.yaml', import.meta.url)));

async function main(): Promise<void> {
  const options = readDevOptions(process.argv.slice(2));
  const { configFile: file = EXAMPLE } = options;
  const text = await readConfig(file);
  const { config, warnings } = await parseConfig({ text, file, environment: process.env });
  for (const warning of warnings) tell(`warning: ${formatProblem(warning)}`);
  const write = (lines: string) => void process.stdout.write(lines);
  const dev = await startDev(config, { ...options, write, tell });
  const playground = await startPlayground({
    text,
    file,
    environment: process.env,
    callerAddress: options.callerAddress,
    port: USUAL_PORTS.playground,
    tell,
  });
  const { ports } = dev;
  const all = { ...dev, ports: { ...ports, playground: playground.port } };
  write(describeDev({ ...all, playgroundUrl: playground.url }, file, options));
}

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new DevProblem(`${file} cannot be read: ${systemErrorCode(error) ?? 'no reason'}.`);
  }
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().catch((error: unknown) => {
  const explainsItself = error instanceof ConfigError || error instanceof DevProblem;
  if (error instanceof Error) tell(explainsItself ? error.message : (error.stack ?? error.name));
  process.exit(1);
});
