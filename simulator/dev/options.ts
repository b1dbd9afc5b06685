/** The command line of `npm run dev`. */
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { DevProblem } from './dev-problem.ts';

export interface DevOptions {
  /** Absent: the example that comes with the simulator. */
  readonly configFile?: string;
  /** The port of the broker. Absent: the usual one, or any if that is taken. */
  readonly port?: number;
  /** How long credentials live at most. Absent: as long as STS would let them. */
  readonly credentialSeconds?: number;
  /** The address that broker and OSS take every request to come from. Absent: the real one. */
  readonly callerAddress?: string;
  /** Further origins whose pages may call the broker. */
  readonly origins: readonly string[];
}

const USAGE =
  'usage: npm run dev -- [broker.yaml] [--port 9000] [--credential-seconds 60] [--caller-address 203.0.113.7] [--origin http://localhost:5173]';

/** STS issues no shorter credentials than this, so a longer life is the config's own to choose. */
const MAX_CREDENTIAL_SECONDS = 900;

/** Throws a DevProblem for an option that cannot be used. */
export function readDevOptions(args: readonly string[]): DevOptions {
  const { values, positionals } = parse(args);
  const [configFile, ...more] = positionals;
  if (more.length > 0) throw new DevProblem(`There is one config only.\n${USAGE}`);
  const port = readNumber('--port', values.port, 1, 65_535);
  const credentialSeconds = readNumber(
    '--credential-seconds',
    values['credential-seconds'],
    1,
    MAX_CREDENTIAL_SECONDS,
  );
  const callerAddress = values['caller-address'];
  if (callerAddress !== undefined && isIP(callerAddress) === 0) {
    throw new DevProblem('--caller-address takes an IP address.');
  }
  const origins = values.origin ?? [];
  const wrong = origins.find(
    (origin) => !URL.canParse(origin) || new URL(origin).origin !== origin,
  );
  if (wrong !== undefined) {
    throw new DevProblem(`"${wrong}" is no origin; write one like http://localhost:5173.`);
  }
  return {
    origins,
    ...(configFile === undefined ? {} : { configFile }),
    ...(port === undefined ? {} : { port }),
    ...(credentialSeconds === undefined ? {} : { credentialSeconds }),
    ...(callerAddress === undefined ? {} : { callerAddress }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        'credential-seconds': { type: 'string' },
        'caller-address': { type: 'string' },
        origin: { type: 'string', multiple: true },
      },
    });
  } catch (error) {
    throw new DevProblem(`${error instanceof Error ? error.message : 'wrong options'}\n${USAGE}`);
  }
}

function readNumber(
  option: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new DevProblem(`${option} takes a whole number from ${min} to ${max}.`);
}
