/** The import rules, checked by `npm run check`: one row for each part of the code, and no cycles. */

/**
 * Which parts of the project and which packages each part may import, besides itself. Every other
 * import is an error, and so is every import of a part without a row.
 */
const MAY_IMPORT = {
  // shared by all; pure
  'src/lib/': [],
  'src/config/': [],
  'src/refusal.ts': [],
  'src/ports.ts': ['src/config/', 'src/refusal.ts'],
  'src/observe/': ['src/lib/'],

  // metrics and traces: fed by audit lines and events, and read only if the config turns them on
  'src/metrics/': [
    'src/audit/',
    'src/config/',
    'src/lib/',
    'src/observe/',
    'src/refusal.ts',
    'prom-client',
  ],

  // the steps of the pipeline; pure
  'src/grants/': ['src/config/', 'src/lib/', 'src/ports.ts', 'src/refusal.ts'],
  'src/session-policy/': [
    'src/config/',
    'src/grants/',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
  ],

  // adapters: they implement types of ports.ts
  'src/subject-token/': [
    'src/config/',
    'src/lib/',
    'src/observe/',
    'src/ports.ts',
    'src/refusal.ts',
    'jose',
  ],
  'src/store/': ['src/config/', 'src/lib/', 'src/observe/', 'ioredis', 'rate-limiter-flexible'],
  'src/limits/': ['src/config/', 'src/lib/', 'src/ports.ts', 'src/refusal.ts', 'src/store/'],
  'src/tickets/': ['src/config/', 'src/ports.ts', 'src/refusal.ts', 'jose'],
  'src/sts/': [
    'src/config/',
    'src/lib/',
    'src/observe/',
    'src/ports.ts',
    'src/refusal.ts',
    '@alicloud/openapi-core',
    '@alicloud/sts20150401',
  ],
  'src/source-credentials/': [
    'src/config/',
    'src/lib/',
    'src/observe/',
    'src/ports.ts',
    'src/refusal.ts',
    'src/sts/',
    '@alicloud/credentials',
  ],
  'src/audit/': [
    'src/config/',
    'src/grants/',
    'src/lib/',
    'src/observe/',
    'src/ports.ts',
    'src/refusal.ts',
  ],
  'src/config-loader/': [
    'src/config/',
    'src/grants/',
    'src/lib/',
    'src/ports.ts',
    // only for a config with assertions
    'src/prove/',
    'src/refusal.ts',
    'src/session-policy/',
    'yaml',
    'zod',
  ],

  // the pipeline, and the surfaces that call it
  'src/decide.ts': [
    'src/config/',
    'src/grants/',
    'src/ports.ts',
    'src/refusal.ts',
    'src/session-policy/',
    'src/sts/role-session-name.ts',
  ],
  'src/remember-decisions.ts': ['src/grants/', 'src/ports.ts'],
  // what a config can ever issue
  'src/prove/': [
    'src/config/',
    'src/decide.ts',
    'src/grants/',
    'src/lib/',
    'src/ports.ts',
    'src/session-policy/',
  ],
  'src/report-mode.ts': [
    'src/audit/',
    'src/config/',
    'src/decide.ts',
    'src/grants/',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
  ],
  'src/issue-credentials.ts': [
    'src/audit/',
    'src/config/',
    'src/grants/',
    'src/lib/',
    'src/ports.ts',
    'src/report-mode.ts',
  ],
  'src/api/http/': [
    'src/audit/',
    'src/config/',
    'src/grants/',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
    'hono',
  ],
  'src/api/native/': [
    'src/api/http/',
    'src/config/',
    'src/issue-credentials.ts',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
    'hono',
  ],
  'src/api/aws/': [
    'src/api/http/',
    'src/config/',
    'src/issue-credentials.ts',
    'src/ports.ts',
    'src/refusal.ts',
    'hono',
  ],
  'src/api/sts/': [
    'src/api/http/',
    'src/config/',
    'src/issue-credentials.ts',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
    'src/session-policy/',
    'hono',
  ],
  'src/api/token-exchange/': [
    'src/api/http/',
    'src/config/',
    'src/issue-credentials.ts',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
    'hono',
  ],
  // its URLs answer as the native API does
  'src/api/credential-urls/': [
    'src/api/http/',
    'src/api/native/',
    'src/config/',
    'src/issue-credentials.ts',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
    'hono',
  ],

  // assembly
  'src/app.ts': ['src/api/', 'src/ports.ts', 'src/refusal.ts', 'hono'],
  'src/server.ts': ['src/lib/', '@hono/node-server'],
  'src/start-error.ts': ['src/config-loader/', 'src/lib/'],
  'src/reloading-broker.ts': ['src/config/', 'src/config-loader/', 'src/lib/', 'src/observe/'],
  'src/broker.ts': [
    'src/api/http/',
    'src/app.ts',
    'src/audit/',
    'src/config/',
    'src/decide.ts',
    'src/limits/',
    'src/observe/',
    'src/ports.ts',
    'src/refusal.ts',
    'src/remember-decisions.ts',
    'src/report-mode.ts',
    'src/session-policy/',
    'src/source-credentials/',
    'src/store/',
    'src/sts/',
    'src/subject-token/',
    'src/tickets/',
  ],
  'src/build-broker.ts': [
    'src/broker.ts',
    'src/config/',
    'src/fixed-at-start.ts',
    'src/metrics/',
    'src/observe/',
  ],
  'src/fixed-at-start.ts': ['src/config/'],
  'src/secret-problem.ts': ['src/config/', 'src/metrics/', 'src/tickets/'],
  'src/signals.ts': ['src/config/', 'src/ports.ts', 'src/reloading-broker.ts', 'src/server.ts'],
  'src/main.ts': [
    'src/audit/',
    'src/broker.ts',
    'src/build-broker.ts',
    'src/config/',
    'src/config-loader/',
    'src/metrics/',
    'src/observe/',
    'src/ports.ts',
    'src/reloading-broker.ts',
    'src/secret-problem.ts',
    'src/server.ts',
    'src/signals.ts',
    'src/source-credentials/',
    'src/start-error.ts',
    'src/store/',
    'src/subject-token/',
    'src/tickets/',
  ],
  'src/start/': [],

  // commands for operators, which the broker never loads
  'src/probe-broker/': ['src/lib/', 'yaml', 'zod'],
  'src/explain/': [
    'src/audit/',
    'src/config/',
    'src/decide.ts',
    'src/grants/',
    'src/lib/',
    'src/limits/kill-switches.ts',
    'src/ports.ts',
    'src/refusal.ts',
    'src/report-mode.ts',
    'src/session-policy/',
    'src/subject-token/',
  ],

  // what an app imports; it runs in browsers
  'src/client/': [],
  // what the operators' commands do; a broker loads none of it
  'src/check/': [
    'src/config/',
    'src/config-loader/',
    'src/grants/',
    'src/ports.ts',
    'src/prove/',
    'src/session-policy/',
    'yaml',
  ],
  'src/init/': [],

  // the command line, which never loads the broker; only what is for operators reads a config
  'src/cli/operator/': [
    'src/check/',
    'src/cli/arguments/',
    'src/cli/system/',
    'src/config/',
    'src/config-loader/',
    'src/init/',
    'src/lib/',
    'src/prove/',
    // setup and doctor
    'src/ports.ts',
    'src/refusal.ts',
    'src/rpc/',
    'src/setup/',
    'src/doctor/',
    'src/source-credentials/',
    'src/sts/',
    // explain
    'src/api/native/request.ts',
    'src/audit/line.ts',
    'src/cli/broker/',
    'src/cli/subject-token/',
    'src/explain/',
    'src/grants/',
    'src/subject-token/',
    // probe
    'src/probe-broker/',
  ],
  'src/cli/': ['src/lib/'],

  // what commands for operators do
  'src/rpc/': ['src/lib/', 'src/ports.ts', '@alicloud/openapi-core'],
  'src/doctor/': [
    'src/config/',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
    'src/rpc/',
    'src/sts/errors.ts',
    'src/subject-token/keys/',
  ],
  'src/setup/': ['src/config/', 'src/lib/', 'src/ports.ts', 'src/rpc/', 'src/session-policy/'],

  // not shipped
  // a page: it runs in browsers
  'simulator/playground/page/': ['simulator/playground/answer.ts'],
  'simulator/playground/': ['src/', 'simulator/', 'esbuild', 'hono'],
  'simulator/': ['src/', 'hono', '@hono/node-server', 'jose', 'oidc-provider'],
  'tools/probe-symlinks.ts': ['src/refusal.ts', 'tools/probe/'],
  'tools/probe/': ['src/ports.ts', 'src/session-policy/', 'src/sts/', 'ali-oss'],
  'tools/write-schema.ts': ['src/config-loader/', 'tools/reference/'],
  'tools/reference/': ['src/config-loader/', 'zod'],
  'tools/': ['src/config-loader/', 'src/lib/', 'esbuild', 'zod'],
};

/** The parts that decide. They may compute, but use no network and no files. */
const PURE =
  '^src/((lib|config|grants|session-policy|observe|check|init|prove)/|(refusal|ports|decide|remember-decisions|report-mode)\\.ts$)';
const REACHES_OUT = '^(fs|http|https|http2|net|dns|tls|child_process|worker_threads)(/|$)';
/** Imports node:net only to check addresses. */
const ADDRESS_CHECKS = '^src/session-policy/';

const toPattern = (place) => {
  const escaped = place.replaceAll('.', '\\.');
  if (/^(?:src|simulator|tools)\//.test(place))
    return `^${escaped}${place.endsWith('/') ? '' : '$'}`;
  return `^node_modules/${escaped}/`;
};

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Files that import each other cannot be understood or moved separately.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-folder-cycle',
      comment: 'Folders must not import each other in a cycle either.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-parts-reach-nothing',
      comment: 'Parts that decide get clock, network and randomness passed in.',
      severity: 'error',
      from: { path: PURE, pathNot: ADDRESS_CHECKS },
      to: { path: REACHES_OUT, dependencyTypes: ['core'] },
    },
    {
      name: 'client-runs-in-browsers',
      comment: 'The client kit has what a browser has.',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'unresolvable',
      comment: 'An import that does not resolve.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  allowed: [
    { from: {}, to: { dependencyTypes: ['core'] } },
    ...Object.entries(MAY_IMPORT).map(([part, others]) => ({
      from: { path: toPattern(part) },
      to: { path: [part, ...others].map(toPattern) },
    })),
  ],
  allowedSeverity: 'error',
  options: {
    // type-only imports count too
    tsPreCompilationDeps: true,
    // TypeScript 7 has no parser API
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
