/** The addresses of the playground: its page, and what the page asks. */
import { Hono } from 'hono';
import { ConfigError, type ConfigProblem } from '../../src/config-loader/config-problems.ts';
import { readBounded } from '../../src/lib/read-bounded.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from '../../src/lib/strict-json.ts';
import type { Simulator } from '../simulator.ts';
import type { Checked, Start, ToldProblem } from './answer.ts';
import { askBroker } from './ask-broker.ts';
import { createAssets } from './assets.ts';
import { layOutBuckets } from './bucket-tree.ts';
import type { EditedConfig } from './edited-config.ts';
import { createGuard } from './guard.ts';
import { suggestCallers, suggestStrangers } from './suggest-callers.ts';

/** A config of 100 grants has some 50 kB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Builds the application. `open` throws a ConfigError. */
export function createPlayground(options: {
  readonly start: Start;
  readonly open: (text: string) => Promise<EditedConfig>;
  readonly simulator: Simulator;
  readonly callerAddress: string;
  readonly ossUrl: string;
  readonly port: number;
}): Hono {
  const { start, open, simulator, callerAddress, ossUrl } = options;
  const app = new Hono();
  const findAsset = createAssets();
  app.use(createGuard({ port: options.port, ossUrl }));

  app.get('/start', (c) => c.json(start));

  app.post('/check', async (c) => {
    const { text } = await readBody(c.req.raw);
    return c.json(await check(open, toText(text)));
  });

  app.post('/ask', async (c) => {
    const { text, issuer, claims, request } = await readBody(c.req.raw);
    const question = {
      issuer: toText(issuer),
      claims: isJsonObject(claims) ? claims : {},
      request: isJsonObject(request) ? request : {},
    };
    return c.json(await askBroker(await open(toText(text)), question, { callerAddress, ossUrl }));
  });

  app.post('/tree', async (c) => {
    const { accessKeyId, targets } = await readBody(c.req.raw);
    const { cloud, oss } = simulator;
    const tree = layOutBuckets({
      cloud,
      objects: oss.objects,
      identity: cloud.identities.get(toText(accessKeyId)),
      targets: Array.isArray(targets) ? targets.map(toText) : [],
      connection: { sourceIp: callerAddress, isSecure: true },
    });
    return c.json(tree);
  });

  app.get('*', async (c) => {
    const asset = await findAsset(c.req.path);
    if (asset === undefined) return c.notFound();
    return c.body(asset.content, 200, { 'content-type': asset.type });
  });

  app.onError((error, c) => c.json({ problem: error.message }, 400));
  return app;
}

async function check(
  open: (text: string) => Promise<EditedConfig>,
  text: string,
): Promise<Checked> {
  try {
    const { config, warnings } = await open(text);
    const callers = suggestCallers(config).map(({ label, issuer, grant, claims }) => ({
      ...{ label, issuer, grant, claims },
    }));
    return {
      problems: [],
      warnings: warnings.map(toTold),
      issuers: config.issuers.map(({ name }) => name),
      grants: config.grants.map(({ name }) => name),
      callers: [...callers, ...suggestStrangers(config)],
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map(toTold);
    return { problems, warnings: [], issuers: [], grants: [], callers: [] };
  }
}

function toTold({ line, column, path, message }: ConfigProblem): ToldProblem {
  return { line, column, path, message };
}

/** Throws what is wrong with it. */
async function readBody(request: Request): Promise<JsonObject> {
  const tooLong = () => new Error('The request is too long.');
  const bytes = await readBounded(request.body, MAX_BODY_BYTES, tooLong);
  const body = parseJsonObject(bytes);
  if (!body.ok) throw new Error(`The request ${body.problem}.`);
  return body.value;
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
