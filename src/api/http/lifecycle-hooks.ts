/** Serves the lifecycle hooks of Function Compute, which arrive like any other request. */
import type { Context, Hono } from 'hono';
import type { SurfaceEnv } from './surface-env.ts';

export interface LifecycleHooks {
  /** Loads what the first request would have to wait for. Must not throw. */
  readonly warmUp: () => Promise<void>;
}

/** `/pre-stop` waits this long for requests in flight. The hook's timeout in s.yaml is longer. */
const DRAIN_LIMIT_MS = 10_000;
const DRAIN_STEP_MS = 20;

/**
 * Adds `POST /initialize` and `GET /pre-stop`. The platform marks its own calls in the header
 * `x-fc-control-path`; calls through the HTTP trigger have `/http-invoke` there
 * (https://help.aliyun.com/en/functioncompute/fc-2-0/user-guide/custom-runtime-specification-details).
 * Forging the header gains nothing: both hooks only wait, and neither changes an answer.
 */
export function addLifecycleHooks(app: Hono<SurfaceEnv>, hooks: LifecycleHooks): void {
  let inFlight = 0;

  // before the count: two hooks at once would wait for each other
  app.get('/pre-stop', async (c, next) => {
    if (!isFromPlatform(c)) return next();
    for (let waitedMs = 0; inFlight > 0 && waitedMs < DRAIN_LIMIT_MS; waitedMs += DRAIN_STEP_MS) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_STEP_MS));
    }
    return c.body(null, 200);
  });

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
}

function isFromPlatform(c: Context<SurfaceEnv>): boolean {
  return c.req.header('x-fc-control-path') === c.req.path;
}
