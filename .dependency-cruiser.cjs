/** The import rules, held by `npm run check`: one row for each part of the code, and no circles. */

/**
 * What each part may import of the project, beside itself, and which packages. A part that is not
 * here may import nothing, and nothing that a row leaves out may be imported.
 */
const MAY_IMPORT = {
  // shared by all; pure
  'src/lib/': [],
  'src/config/': [],
  'src/refusal.ts': [],
  'src/ports.ts': ['src/config/'],
  'src/observe/': ['src/lib/'],

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
    'src/refusal.ts',
    'src/session-policy/',
    'yaml',
    'zod',
  ],

  // the pipeline, and the surfaces that translate to and from it
  'src/report-mode.ts': [
    'src/audit/',
    'src/config/',
    'src/grants/',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
    'src/session-policy/',
  ],
  'src/issue-credentials.ts': [
    'src/audit/',
    'src/config/',
    'src/grants/',
    'src/ports.ts',
    'src/report-mode.ts',
    'src/session-policy/',
    'src/sts/role-session-name.ts',
  ],
  'src/api/http/': [
    'src/audit/',
    'src/config/',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
    'hono',
  ],
  'src/api/native/': [
    'src/api/http/',
    'src/config/',
    'src/grants/',
    'src/issue-credentials.ts',
    'src/lib/',
    'src/ports.ts',
    'src/refusal.ts',
    'hono',
  ],

  // put together
  'src/app.ts': ['src/api/', 'src/refusal.ts', 'hono'],
  'src/server.ts': ['@hono/node-server'],
  'src/reloading-broker.ts': ['src/config/', 'src/config-loader/', 'src/observe/'],
  'src/broker.ts': [
    'src/api/http/',
    'src/app.ts',
    'src/audit/',
    'src/config/',
    'src/limits/',
    'src/observe/',
    'src/ports.ts',
    'src/refusal.ts',
    'src/session-policy/',
    'src/source-credentials/',
    'src/store/',
    'src/sts/',
    'src/subject-token/',
  ],
  'src/main.ts': [
    'src/audit/',
    'src/broker.ts',
    'src/config/',
    'src/config-loader/',
    'src/observe/',
    'src/ports.ts',
    'src/reloading-broker.ts',
    'src/server.ts',
    'src/source-credentials/',
    'src/store/',
    'src/subject-token/',
  ],
  'src/start/': [],

  // beside what ships
  'simulator/': ['src/', 'hono', '@hono/node-server', 'jose', 'oidc-provider'],
  'tools/': ['src/config-loader/', 'esbuild', 'zod'],
};

/** The parts that decide. They may compute, and may not reach anything. */
const PURE = '^src/((lib|config|grants|session-policy|observe)/|(refusal|ports|report-mode)\\.ts$)';
const REACHES_OUT = '^(fs|http|https|http2|net|dns|tls|child_process|worker_threads)(/|$)';
/** Tells whether a text is an address, and connects to nothing. */
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
      name: 'no-circle',
      comment: 'Files that import each other cannot be understood or moved one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-folder-circle',
      comment: 'Data flows down only, from folder to folder too.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-parts-reach-nothing',
      comment: 'What decides gets clock, network and randomness passed in, or does without.',
      severity: 'error',
      from: { path: PURE, pathNot: ADDRESS_CHECKS },
      to: { path: REACHES_OUT, dependencyTypes: ['core'] },
    },
    {
      name: 'unresolvable',
      comment: 'An import that leads nowhere.',
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
    // imports of types alone count too
    tsPreCompilationDeps: true,
    // TypeScript 7 has no parser that other programs can call
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
