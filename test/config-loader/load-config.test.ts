import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { fc } from '../support/seeded.ts';

const GOOD = `region: cn-hangzhou
buckets:
  app-media: { region: cn-hangzhou }
issuers:
  - name: app
    issuer: https://login.example.com/
    audiences: [oss-token-broker]
    attributes:
      user: { claim: sub }
      teams: { claim: groups, grammar: path }
grants:
  - name: user-files
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow:
      - { target: "oss://app-media/users/{user}/", permissions: [read, write, list] }
`;

function load(text: string, environment: Record<string, string> = {}) {
  return loadConfig({ text, file: 'broker.yaml', environment });
}

/** The problems of a config that must not load. */
function problemsOf(text: string, environment: Record<string, string> = {}): readonly string[] {
  try {
    load(text, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the config loaded');
}

/** GOOD with one piece replaced; throws if the piece is missing. */
function changed(from: string, to: string): string {
  if (!GOOD.includes(from)) throw new Error(`no "${from}" in the config`);
  return GOOD.replace(from, to);
}

describe('a good config', () => {
  it('becomes plain, frozen data with defaults filled in', () => {
    const { config, warnings } = load(GOOD);

    expect(warnings).toEqual([]);
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
    expect(config).toMatchObject({
      revision: expect.stringMatching(/^[0-9a-f]{64}$/),
      sts: { network: 'public', timeoutMs: 5000 },
      buckets: [{ name: 'app-media', endpoint: 'https://oss-cn-hangzhou.aliyuncs.com' }],
      issuers: [
        {
          keys: { kind: 'discovery' },
          algorithms: ['RS256', 'ES256'],
          types: ['jwt', 'at+jwt'],
          maxTokenAgeSeconds: 86_400,
          clockToleranceSeconds: 30,
        },
      ],
      grants: [
        {
          allow: [{ target: { bucket: 'app-media', key: ['users/', { attribute: 'user' }, '/'] } }],
          duration: { defaultSeconds: 900, maxSeconds: 3600, strict: false },
          restrict: { https: true },
          publicAcl: 'deny',
        },
      ],
    });
    expect(Object.isFrozen(config.grants[0]?.allow[0]?.target.key)).toBe(true);
  });

  it('has another revision exactly when its meaning changes', () => {
    const { revision } = load(GOOD).config;

    expect(load(`# a comment\n${GOOD}`).config.revision).toBe(revision);
    expect(load(changed('users/', 'people/')).config.revision).not.toBe(revision);
  });

  it.each([
    'surfaces: {}',
    'surfaces: { tokenExchange: false }',
    'surfaces: { tokenExchange: false, aws: false }',
  ])('has no surface but the native API with %s, and the same revision as without', (line) => {
    const { config } = load(`${GOOD}${line}\n`);

    expect(config.surfaces).toBeUndefined();
    expect(config.revision).toBe(load(GOOD).config.revision);
  });

  it('has the surface that it turns on, and another revision', () => {
    const { config } = load(`${GOOD}surfaces: { tokenExchange: true }\n`);

    expect(config.surfaces).toEqual({ tokenExchange: true });
    expect(config.revision).not.toBe(load(GOOD).config.revision);
  });

  it('has the names of the keys of credential URLs, and no key', () => {
    const urls = 'keys: [{ id: k1, keyFrom: KEY }]';
    const plain = load(
      `${GOOD}publicUrl: https://broker.example.com\nsurfaces: { credentialUrls: { ${urls} } }\n`,
    );
    const all = load(
      `${GOOD}publicUrl: https://broker.example.com\nsurfaces: { credentialUrls: { ${urls}, maxLife: 30m, beyondToken: true, deny: { ticketIds: [a] } } }\n`,
    );
    const spelledOut = load(
      `${GOOD}publicUrl: https://broker.example.com\nsurfaces: { credentialUrls: { ${urls}, maxLife: 60m, beyondToken: false, deny: {} } }\n`,
    );
    const keys = [{ id: 'k1', keyFrom: 'KEY' }];

    expect(plain.config.surfaces).toEqual({ credentialUrls: { keys, maxLifeSeconds: 3600 } });
    expect(all.config.surfaces).toEqual({
      credentialUrls: {
        keys,
        maxLifeSeconds: 1800,
        beyondToken: true,
        deny: { ticketIds: ['a'] },
      },
    });
    expect(spelledOut.config.revision).toBe(plain.config.revision);
  });

  it('has the surface of AWS alone if only that is on', () => {
    const { config } = load(`${GOOD}surfaces: { aws: true, tokenExchange: false }\n`);

    expect(config.surfaces).toEqual({ aws: true });
    expect(config.revision).not.toBe(load(GOOD).config.revision);
  });

  it.each([
    ['internal', 'https://oss-cn-hangzhou-internal.aliyuncs.com'],
    ['accelerate', 'https://oss-accelerate.aliyuncs.com'],
    ['https://media.example.com/', 'https://media.example.com'],
    ['http://127.0.0.1:9003', 'http://127.0.0.1:9003'],
  ])('accepts %s as the endpoint of a bucket', (written, endpoint) => {
    const text = changed(
      '{ region: cn-hangzhou }',
      `{ region: cn-hangzhou, endpoint: "${written}" }`,
    );

    expect(load(text).config.buckets[0]?.endpoint).toBe(endpoint);
  });
});

describe('a config with a mistake', () => {
  it.each([
    [
      'region: cn-hangzhou\n',
      '',
      'broker.yaml:1:1 region: is missing; it must be a region id, e.g. cn-hangzhou',
    ],
    [
      'region: cn-hangzhou\n',
      'region: Hangzhou\n',
      'broker.yaml:1:9 region: must be a region id, e.g. cn-hangzhou',
    ],
    ['buckets:', 'bukets:', 'broker.yaml:2:1 has an unknown key "bukets"; did you mean "buckets"?'],
    [
      '{ claim: sub }',
      '{ claim: sub, grammer: name }',
      'broker.yaml:9:27 issuers[0].attributes.user: has an unknown key "grammer"; did you mean "grammar"?',
    ],
    [
      '[oss-token-broker]',
      '[]',
      'broker.yaml:7:16 issuers[0].audiences: must name at least one audience; otherwise subject tokens for other services would be accepted',
    ],
    [
      '    audiences: [oss-token-broker]\n',
      '',
      'broker.yaml:5:5 issuers[0].audiences: is missing; it must be a list of audiences',
    ],
    [
      'https://login.example.com/',
      'http://login.example.com/',
      'broker.yaml:6:13 issuers[0].issuer: must be an https:// URL without query, fragment or password',
    ],
    [
      'https://login.example.com/',
      'https://user:pw@login.example.com/',
      'broker.yaml:6:13 issuers[0].issuer: must be an https:// URL without query, fragment or password',
    ],
    [
      'issuer: app',
      'issuer: apq',
      'broker.yaml:13:13 grants[0].issuer: the issuer "apq" is not defined under issuers; did you mean "app"?',
    ],
    [
      'oss://app-media',
      'oss://app-meda',
      'broker.yaml:16:19 grants[0].allow[0].target: the bucket "app-meda" is not defined under buckets; did you mean "app-media"?',
    ],
    [
      '{user}',
      '{usr}',
      'broker.yaml:16:19 grants[0].allow[0].target: the attribute "usr" is not defined under attributes of the issuer; did you mean "user"?',
    ],
    [
      'users/{user}/"',
      'users/{user}-{user}/"',
      'broker.yaml:16:19 grants[0].allow[0].target: "{user}-{user}" has two attributes in one segment, so that two callers could share one key; put a "/" between them',
    ],
    [
      'users/{user}/"',
      'x-{teams}/"',
      'broker.yaml:16:19 grants[0].allow[0].target: "x-{teams}" has text next to an attribute of the grammar path; give the attribute its own segment',
    ],
    [
      'users/{user}/"',
      'users/*/"',
      'broker.yaml:16:19 grants[0].allow[0].target: the key contains "*", which is not allowed',
    ],
    [
      'users/{user}/"',
      'users/../{user}/"',
      'broker.yaml:16:19 grants[0].allow[0].target: the key has "." or ".." as a segment',
    ],
    [
      'users/{user}/"',
      'users//{user}/"',
      'broker.yaml:16:19 grants[0].allow[0].target: the key has an empty segment',
    ],
    [
      'oss://app-media/users/{user}/',
      'oss://{user}/x/',
      'broker.yaml:16:19 grants[0].allow[0].target: the bucket must not contain an attribute; use attributes in the key only',
    ],
    [
      'oss://app-media/users/{user}/',
      'app-media/users',
      'broker.yaml:16:19 grants[0].allow[0].target: must be oss://bucket/prefix/, oss://bucket/key or oss://bucket/',
    ],
    [
      'users/{user}/"',
      'users/{user}"',
      'broker.yaml:16:64 grants[0].allow[0].permissions: has list, but a single object cannot be listed; end the target with "/", or remove list',
    ],
    [
      '[read, write, list]',
      '[red]',
      'broker.yaml:16:66 grants[0].allow[0].permissions[0]: must be read, write, list or delete',
    ],
    [
      '[read, write, list]',
      '[]',
      'broker.yaml:16:9 grants[0].allow[0]: allows nothing; add permissions, e.g. permissions: [read, write]',
    ],
    [
      'acs:ram::123456789012:role/oss-uploader',
      'oss-uploader',
      'broker.yaml:14:11 grants[0].role: must be a role ARN, e.g. acs:ram::123456789012:role/oss-uploader',
    ],
  ])('reports "%s" that was changed to "%s"', (from, to, problem) => {
    expect(problemsOf(changed(from, to))).toContain(problem);
  });

  it.each([
    ['    duration: { default: 10m }', 'from 900s'],
    ['    duration: { max: 13h }', 'to 12h'],
    ['    duration: { default: 2h, max: 1h }', 'has a default (2h) above its max (1h)'],
    ['    restrict: { sourceIp: [10.0.0.0/33] }', 'CIDR'],
    ['    restrict: { sourceIp: everybody }', 'CIDR'],
    ['    when: [{ claim: plan, matches: ".*" }]', 'must be { claim: ...'],
    ['    when: [{ claim: plan }]', 'must be { claim: ...'],
    ['    publicAcl: perhaps', 'must be deny or allow'],
    ['    secret: x', 'has an unknown key "secret"'],
  ])('reports a grant with %s', (line, problem) => {
    expect(problemsOf(`${GOOD}${line}\n`).join('\n')).toContain(problem);
  });

  it.each([
    ['    algorithms: [HS256]', 'anyone who verifies can also sign'],
    ['    algorithms: [none]', 'anyone who verifies can also sign'],
    ['    clockTolerance: 5m', 'of at most 60s'],
    ['    tokensValidAfter: yesterday', '2026-11-01T00:00:00Z'],
    ['    tokensValidAfter: 2026-11-01T00:00:00+08:00', 'in UTC'],
    ['    jwksUri: http://keys.example.com/', 'must be an https:// URL'],
    [
      '    jwksUri: https://k.example.com/\n    jwks: { keys: [{ kty: RSA }] }',
      'cannot be used together with jwksUri',
    ],
  ])('reports an issuer with %s', (line, problem) => {
    const text = changed('    audiences:', `${line}\n    audiences:`);

    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  it.each([
    ['publicUrl: broker.example.com', 'publicUrl: must be an https:// origin'],
    ['publicUrl: http://broker.example.com', 'publicUrl: must be an https:// origin'],
    ['publicUrl: https://broker.example.com/', 'publicUrl: must be an https:// origin'],
    ['publicUrl: https://broker.example.com/base', 'publicUrl: must be an https:// origin'],
    ['publicUrl: https://Broker.example.com', 'publicUrl: must be an https:// origin'],
    ['publicUrl: https://broker.example.com:443', 'publicUrl: must be an https:// origin'],
    ['publicUrl: https://user:pw@broker.example.com', 'publicUrl: must be an https:// origin'],
    [
      'surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: KEY }] } }',
      'surfaces.credentialUrls: needs publicUrl, where its URLs lead',
    ],
    ['surfaces: { credentialUrls: {} }', 'surfaces.credentialUrls.keys: is missing'],
    [
      'surfaces: { credentialUrls: { keys: [] } }',
      'surfaces.credentialUrls.keys: must be a list of 1 to 8 keys',
    ],
    [
      'surfaces: { credentialUrls: { keys: [{ id: K1, keyFrom: KEY }] } }',
      'surfaces.credentialUrls.keys[0].id: must be a name of lower-case letters',
    ],
    [
      'surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: "c2VjcmV0LWtleQ==" }] } }',
      'surfaces.credentialUrls.keys[0].keyFrom: must be the name of an environment variable, e.g. TICKET_KEY_K1, and not the key itself',
    ],
    [
      'surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: A }, { id: k1, keyFrom: B }] } }',
      'surfaces.credentialUrls.keys: must not repeat an id',
    ],
    [
      'surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: A }], maxLife: 721h } }',
      'surfaces.credentialUrls.maxLife: must be a duration of at most 720h',
    ],
    [
      'surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: A }], beyondToken: 1 } }',
      'surfaces.credentialUrls.beyondToken: must be true or false',
    ],
    ['surfaces: true', 'surfaces: must be like { tokenExchange: true }'],
    ['surfaces: { tokenExchange: yes-please }', 'surfaces.tokenExchange: must be true or false'],
    ['surfaces: { aws: 1 }', 'surfaces.aws: must be true or false'],
    ['surfaces: { tokenExchang: true }', 'did you mean "tokenExchange"?'],
  ])('reports %s', (line, problem) => {
    expect(problemsOf(`${GOOD}${line}\n`).join('\n')).toContain(problem);
  });

  it.each(['*', 'null', 'https://app.example.com/', 'https://*.example.com', 'app.example.com'])(
    'reports the CORS origin %s',
    (origin) => {
      const text = `${GOOD}cors: { origins: ["${origin}"] }\n`;

      expect(problemsOf(text).join('\n')).toContain('must be an origin as browsers send it');
      expect(load(`${GOOD}cors: { origins: ["https://app.example.com"] }\n`).warnings).toEqual([]);
    },
  );

  it.each([
    'oss:PutBucketPolicy',
    'oss:PutBucketAcl',
    'oss:*',
    'ram:CreateUser',
    'sts:AssumeRole',
    'oss:ListBuckets',
  ])('reports the action %s', (action) => {
    const withAction = (name: string) =>
      changed('permissions: [read,', `actions: ["${name}"], permissions: [read,`);

    expect(problemsOf(withAction(action)).join('\n')).toContain('must be one of oss:GetObject');
    expect(load(withAction('oss:GetObjectTagging')).warnings).toEqual([]);
  });

  it('reports all problems at once, in the order of their lines', () => {
    const text = changed('cn-hangzhou\nbuckets', 'x\nbuckets')
      .replace('{ region: cn-hangzhou }', '{ region: cn-hangzhou, endpont: internal }')
      .replace('https://login', 'http://login')
      .replace('[oss-token-broker]', '[]')
      .replace('{ claim: sub }', '{ clam: sub }')
      .replace('issuer: app', 'issuer: web')
      .replace('acs:ram', 'ram')
      .replace('write, list', 'append')
      .replace('users/{user}/', '{user}{user}/');
    const problems = problemsOf(`${text}bogus: 1\n`);

    expect(problems.length).toBeGreaterThanOrEqual(10);
    const lines = problems.map((problem) => Number(problem.split(':')[1]));
    expect(lines).toEqual([...lines].sort((a, b) => a - b));
  });

  it('reports a session policy that could be larger than STS accepts', () => {
    const targets = Array.from(
      { length: 12 },
      (_, n) =>
        `      - { target: "oss://app-media/some-long-prefix-${n}/{user}/", permissions: [read, list] }`,
    );

    expect(problemsOf(`${GOOD}${targets.join('\n')}\n`).join('\n')).toMatch(
      /grants\[0\]\.allow: can need a session policy of \d{4} bytes, but STS accepts at most 2047/,
    );
  });

  it.each([
    ['two keys alike', `${GOOD}region: cn-beijing\n`],
    ['a tab for indentation', 'region:\n\t- x'],
    ['nothing', ''],
    ['a list', '- region'],
    ['half a map', 'region: {'],
    [
      'aliases that multiply',
      `a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [${'*a, '.repeat(10)}]\nc: &c [${'*b, '.repeat(10)}]\nd: [${'*c, '.repeat(10)}]\n`,
    ],
    ['nine megabytes', `# ${'x'.repeat(9 * 2 ** 20)}`],
  ])('does not load: %s', (_what, text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });
});

describe('a value from the environment', () => {
  const WITH_REFERENCE = changed('[oss-token-broker]', '["${env:AUDIENCE}"]');

  it('is inserted once, as text, and never parsed as YAML', () => {
    const hostile = 'x, "y"]\n    jwksUri: https://evil.example.com # ${env:OTHER}';
    const { config } = load(WITH_REFERENCE, { AUDIENCE: hostile, OTHER: 'again' });

    expect(config.issuers[0]?.audiences).toEqual([hostile]);
    expect(config.issuers[0]?.keys).toEqual({ kind: 'discovery' });
  });

  it('is reported by name and place if it is not set', () => {
    expect(problemsOf(WITH_REFERENCE)).toContain(
      'broker.yaml:7:17 the environment variable "AUDIENCE" is not set; set it, or write the value here',
    );
  });

  it('is never repeated in a problem', () => {
    const text = changed('acs:ram::123456789012:role/oss-uploader', '${env:ROLE}').replace(
      'issuer: app',
      'issuer: web',
    );

    expect(problemsOf(text, { ROLE: 'canary-secret' }).join('\n')).not.toContain('canary');
  });
});

describe('a config that loads with a warning', () => {
  const github = (when: string) =>
    changed('https://login.example.com/', 'https://token.actions.githubusercontent.com').replace(
      '    role:',
      `    when: ${when}\n    role:`,
    );

  it.each([
    ['[]', 'anybody can get a token'],
    ['[{ claim: ref, equals: refs/heads/main }]', 'anybody can get a token'],
    ['[{ claim: repository, equals: acme/app }]', 'register once it is given up'],
    // every token of GitHub has the claim
    ['[{ claim: repository_id, exists: true }]', 'anybody can get a token'],
  ])('warns about the conditions %s for GitHub', (when, warning) => {
    expect(
      load(github(when))
        .warnings.map(({ message }) => message)
        .join(),
    ).toContain(warning);
  });

  it('does not warn about a condition on a permanent id', () => {
    expect(load(github('[{ claim: repository_owner_id, equals: "1" }]')).warnings).toEqual([]);
  });

  it('takes the way of signing in as what limits a grant for Firebase', () => {
    const firebase = (when: string) =>
      load(
        changed('https://login.example.com/', 'https://securetoken.google.com/my-project').replace(
          '    role:',
          `    when: ${when}\n    role:`,
        ),
      ).warnings.map(({ message }) => message);
    const signIn = '[{ claim: [firebase, sign_in_provider], in: [google.com] }]';

    expect(firebase(signIn)).toEqual([]);
    expect(firebase('[]').join()).toContain('add a condition on one of firebase.sign_in_provider');
  });

  it('warns about a prefix that all subjects share', () => {
    const { warnings } = load(changed('{user}/', 'all/'));

    expect(warnings.map(({ message }) => message).join()).toContain(
      'all subjects of the issuer "app" share its targets',
    );
  });
});

describe('any text', () => {
  const runs = { numRuns: Number(process.env['FC_RUNS'] ?? 200) };

  it('loads, or is refused with at least one problem', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc
        .tuple(fc.nat(GOOD.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 20 }))
        .map(([at, length, piece]) => GOOD.slice(0, at) + piece + GOOD.slice(at + length)),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          expect(load(text).config.grants.length).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.problems.length).toBeGreaterThan(0);
        }
      }),
      runs,
    );
  });
});
