/** Function Compute's lifecycle hooks, which the platform sends as requests among those of the public. */
import type { Context, Hono } from 'hono';
import type { SurfaceEnv } from './surface-env.ts';

export interface LifecycleHooks {
  /** Loads what the first request would wait for. Must not throw. */
  readonly warmUp: () => Promise<void>;
}

/** How long the end of an instance waits for requests in flight; the hook's timeout in s.yaml is longer. */
const DRAIN_LIMIT_MS = 10_000;
const DRAIN_STEP_MS = 20;

/**
 * Adds `POST /initialize` and `GET /pre-stop`. The platform marks its own calls by the header
 * `x-fc-control-path`, where a call through the HTTP trigger has `/http-invoke`
 * (https://help.aliyun.com/en/functioncompute/fc-2-0/user-guide/custom-runtime-specification-details).
 * Whoever could forge it would gain nothing: both only wait, and neither changes what is answered.
 */
export function addLifecycleHooks(app: Hono<SurfaceEnv>, hooks: LifecycleHooks): void {
  let inFlight = 0;

  app.use(async function countInFlight(_c, next) {
    inFlight++;
    try {
      await next();
    } finally {
      inFlight--;
    }
  });

  app.post('/initialize', async (c, next) => {
    if (!isFromPlatform(c)) return next();
    await hooks.warmUp();
    return c.body(null, 200);
  });

  app.get('/pre-stop', async (c, next) => {
    if (!isFromPlatform(c)) return next();
    // the hook itself is in flight too
    for (let waitedMs = 0; inFlight > 1 && waitedMs < DRAIN_LIMIT_MS; waitedMs += DRAIN_STEP_MS) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_STEP_MS));
    }
    return c.body(null, 200);
  });
}

function isFromPlatform(c: Context<SurfaceEnv>): boolean {
  return c.req.header('x-fc-control-path') === c.req.path;
}
