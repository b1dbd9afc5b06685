/** Starts the playground: a page that tries a config, with a broker, STS and OSS of its own. */
import { startServer } from '../../src/server.ts';
import { startSimulator } from '../simulator.ts';
import { onUsualPort } from '../usual-port.ts';
import { createEditedConfigs } from './edited-config.ts';
import { namesOf } from './guard.ts';
import { createPlayground } from './routes.ts';

export interface RunningPlayground {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const ENVIRONMENT_REFERENCE = /\$\{env:([^}]*)\}/g;

/**
 * Listens on loopback only. Nothing that the page does reaches the broker, STS and OSS of
 * `npm run dev`, or the file. Port 0 means any free port, and so does a port that is taken.
 */
export async function startPlayground(options: {
  /** The config to begin with, and the name of its file. */
  readonly text: string;
  readonly file: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The address that broker and OSS take every request to come from. Absent: loopback. */
  readonly callerAddress?: string | undefined;
  readonly port?: number;
  readonly tell: (line: string) => void;
}): Promise<RunningPlayground> {
  const { text, file, port = 0, callerAddress = LOOPBACK, tell } = options;
  const simulator = await startSimulator({
    now: Date.now,
    buckets: [],
    region: 'cn-hangzhou',
    roles: [],
    connection: { isSecure: true, sourceIp: callerAddress },
  });
  // a browser finds any name below localhost, and puts the bucket before it
  const ossUrl = `http://localhost:${simulator.oss.port}`;
  const app: { fetch?: RunningFetch } = {};
  const server = await onUsualPort(port, (wanted) =>
    startServer({
      fetch: (request, env) => app.fetch?.(request, env) ?? new Response(null, { status: 503 }),
      hostname: LOOPBACK,
      port: wanted,
      neverHangUp: false,
    }),
  );
  const edited = createEditedConfigs({
    simulator,
    file,
    environment: namedIn(text, options.environment),
    origins: namesOf(server.port).map((host) => `http://${host}`),
    ossUrl,
    tell,
  });
  app.fetch = createPlayground({
    start: { file, text },
    open: edited.open,
    simulator,
    callerAddress,
    ossUrl,
    port: server.port,
  }).fetch;
  return {
    url: `http://${LOOPBACK}:${server.port}`,
    port: server.port,
    async close() {
      await server.close(0);
      await edited.close();
      await simulator.close();
    },
  };
}

type RunningFetch = (request: Request, env: object) => Response | Promise<Response>;

/**
 * The variables that the file itself names. Whoever else reaches this port must not read the rest of a
 * developer's environment by writing its names into a config.
 */
function namedIn(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const names = [...text.matchAll(ENVIRONMENT_REFERENCE)].map(([, name = '']) => name);
  return Object.fromEntries(names.map((name) => [name, environment[name]]));
}
