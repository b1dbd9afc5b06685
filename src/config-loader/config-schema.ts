/** The schema of `broker.yaml`. The loader validates with it, and the JSON Schema for editors is generated from it. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { MAX_CLOCK_TOLERANCE_SECONDS, MAX_TOKEN_AGE_SECONDS } from '../config/issuer-bounds.ts';
import { MAX_SESSION_SECONDS, MIN_SESSION_SECONDS } from '../lib/session-seconds.ts';
import { OBJECT_ACTIONS } from '../session-policy/object-actions.ts';
import { parseDuration } from './durations.ts';
import { denySchema, limitsSchema, storeSchema } from './limits-schema.ts';
import { sourceCredentialsSchema } from './source-credentials-schema.ts';

const text = (what: string) =>
  z.string({ error: `must be ${what}` }).min(1, { error: `must be ${what}, and not empty` });

const matching = (pattern: RegExp, what: string) =>
  z.string({ error: `must be ${what}` }).regex(pattern, { error: `must be ${what}` });

const flag = z.boolean({ error: 'must be true or false' });

/** A duration between two bounds in seconds. `bounds` describes them to the operator. */
const duration = (minSeconds: number, maxSeconds: number, bounds: string) =>
  z.string({ error: 'must be a duration like 15m' }).refine(
    (value) => {
      const seconds = parseDuration(value);
      return seconds !== undefined && seconds >= minSeconds && seconds <= maxSeconds;
    },
    { error: `must be a duration ${bounds}, written like 900s, 15m or 1h` },
  );

const name = matching(
  /^[a-z0-9][a-z0-9-]{0,62}$/,
  'a name of lower-case letters, digits and "-", at most 63',
);
const region = matching(/^[a-z]{2}-[a-z0-9-]{2,30}$/, 'a region id, e.g. cn-hangzhou');

const stsSurface = z.union(
  [
    z.boolean(),
    z.strictObject({
      oidcProviderArn: matching(
        /^acs:ram::\d{5,20}:oidc-provider\/[A-Za-z0-9._-]{1,128}$/,
        'the ARN of an OIDC provider, e.g. acs:ram::123456789012:oidc-provider/broker',
      )
        .optional()
        .describe('What callers must send as OIDCProviderArn. Default: anything.'),
    }),
  ],
  {
    error: 'must be true, false or { oidcProviderArn: acs:ram::123456789012:oidc-provider/broker }',
  },
);

const instant = z
  .string({ error: 'must be a time in UTC, like 2026-11-01T00:00:00Z' })
  .refine((value) => /Z$/.test(value) && !Number.isNaN(Date.parse(value)), {
    error: 'must be a time in UTC, like 2026-11-01T00:00:00Z',
  });

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Accepts https, and http on loopback for development. */
function isSafeUrl(value: string, isAcceptable: (url: URL) => boolean): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const isLoopback = url.protocol === 'http:' && LOOPBACK.includes(url.hostname);
  if (url.protocol !== 'https:' && !isLoopback) return false;
  return url.username === '' && url.password === '' && isAcceptable(url);
}

const safeUrl = (what: string, isAcceptable: (url: URL) => boolean) =>
  z
    .string({ error: `must be ${what}` })
    .refine((value) => isSafeUrl(value, isAcceptable), { error: `must be ${what}` });

const hasNoQuery = (url: URL) => url.search === '' && url.hash === '';
const isOrigin = (url: URL) => hasNoQuery(url) && url.pathname === '/';

const HOST = /^[A-Za-z0-9.-]+(?::\d{1,5})?$/;

const claimPath = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: 'must be the name of a claim, or a list of names that leads into nested objects',
  })
  .describe('The name of a top-level claim, or a list of names that leads into nested objects.');

const claimValue = z.union([z.string(), z.number(), z.boolean()], {
  error: 'must be a string, a number, true or false',
});

const grammar = z.union(
  [
    z.enum(['name', 'uuid', 'email', 'subject', 'path']),
    z.strictObject({
      characters: z
        .string()
        .regex(/^[\x21-\x7e]{1,200}$/)
        .refine((value) => !/[*?${}\\%/"]/.test(value)),
      maxLength: z.int().min(1).max(256),
    }),
  ],
  {
    error:
      'must be name, uuid, email, subject, path, or { characters: "A-Za-z0-9_", maxLength: 32 } without * ? $ { } \\ % / " among the characters',
  },
);

const attribute = z.strictObject({
  claim: claimPath,
  grammar: grammar.optional().describe('Which values are accepted. Default: name.'),
  maxLength: z
    .int({ error: 'must be a whole number from 1 to 256' })
    .min(1, { error: 'must be a whole number from 1 to 256' })
    .max(256, { error: 'must be a whole number from 1 to 256' })
    .optional()
    .describe('The maximum length of a value. Default: the maximum of the grammar.'),
  as: z
    .literal('hash', { error: 'must be hash; leave it out to use the value itself' })
    .optional()
    .describe('hash: any string is accepted, and the base32 of its SHA-256 is used.'),
});

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export const issuerSchema = z.strictObject({
  name: name.describe('The name by which grants refer to this issuer.'),
  issuer: safeUrl('an https:// URL without query, fragment or password', hasNoQuery).describe(
    'Compared exactly with the iss claim.',
  ),
  audiences: z
    .array(text('an audience'), { error: 'must be a list of audiences' })
    .min(1, {
      error:
        'must name at least one audience; otherwise subject tokens for other services would be accepted',
    })
    .describe('At least one of these must be in the aud claim.'),
  jwksUri: safeUrl('an https:// URL', () => true)
    .optional()
    .describe('The URL of the keys. Default: found by OpenID Connect discovery.'),
  jwks: z
    .strictObject({ keys: z.array(z.looseObject({})).min(1) }, { error: 'must be { keys: [...] }' })
    .optional()
    .describe('The keys themselves. Default: found by OpenID Connect discovery.'),
  privateNetwork: flag
    .optional()
    .describe('true: the issuer may have private network addresses, e.g. inside a VPC.'),
  algorithms: z
    .array(
      z.enum(ALGORITHMS, {
        error: `must be an asymmetric algorithm (${ALGORITHMS.join(', ')}); with a symmetric algorithm, anyone who verifies can also sign`,
      }),
    )
    .min(1, { error: 'must name at least one algorithm' })
    .default(['RS256', 'ES256'])
    .describe('Signature algorithms that this issuer may use.'),
  types: z
    .array(text('a typ header like JWT or at+jwt'))
    .min(1, { error: 'must name at least one type' })
    .default(['JWT', 'at+jwt'])
    .describe('Accepted typ headers. An absent typ counts as JWT.'),
  maxTokenAge: duration(1, MAX_TOKEN_AGE_SECONDS, 'of at most 720h')
    .default('24h')
    .describe('Subject tokens whose iat is older than this are refused.'),
  clockTolerance: duration(1, MAX_CLOCK_TOLERANCE_SECONDS, 'of at most 60s')
    .default('30s')
    .describe("How far the issuer's clock may be off."),
  tokensValidAfter: instant
    .optional()
    .describe('Subject tokens issued before this time are refused.'),
  oneTimeTokens: flag
    .optional()
    .describe('true: each subject token can be exchanged once; it must have a jti.'),
  deny: denySchema.optional(),
  attributes: z
    .record(z.string(), attribute)
    .default({})
    .describe('Named values from the claims that targets may contain.'),
});

const mode = (whatReportDoes: string) =>
  z
    .enum(['enforce', 'report'], { error: 'must be enforce or report' })
    .optional()
    .describe(`Default: enforce. ${whatReportDoes}`);

const conditionMode = mode(
  'report: the condition is not enforced; the audit log shows when it does not hold.',
);

const condition = z.union(
  [
    z.strictObject({ claim: claimPath, equals: claimValue, mode: conditionMode }),
    z.strictObject({ claim: claimPath, in: z.array(claimValue).min(1), mode: conditionMode }),
    z.strictObject({ claim: claimPath, contains: claimValue, mode: conditionMode }),
    z.strictObject({ claim: claimPath, startsWith: z.string().min(1), mode: conditionMode }),
    z.strictObject({ claim: claimPath, exists: z.boolean(), mode: conditionMode }),
  ],
  {
    error:
      'must be { claim: ... } with exactly one of equals: value, in: [values], contains: value, startsWith: "text" or exists: true, and optionally mode: report',
  },
);

const permission = z.enum(['read', 'write', 'list', 'delete'], {
  error: 'must be read, write, list or delete',
});

const addressRange = z.string().refine(isAddressRange, {
  error: 'must be an IP address or a CIDR range like 203.0.113.0/24',
});

export const grantSchema = z.strictObject({
  name: name.describe('The name of the grant, as callers and the audit log use it.'),
  issuer: text('the name of an issuer').describe('The name of the issuer that this grant is for.'),
  when: z.array(condition).default([]).describe('Conditions on the claims. All must hold.'),
  role: matching(
    /^acs:ram::\d{5,20}:role\/[A-Za-z0-9.@_-]{1,64}$/,
    'a role ARN, e.g. acs:ram::123456789012:role/oss-uploader',
  ).describe('The ARN of the RAM role to assume.'),
  externalId: matching(
    /^[\w+=,.@:/-]{2,1224}$/,
    'an external ID: 2 to 1224 letters, digits, "_", "+", "=", ",", ".", "@", ":", "/", "-"',
  )
    .optional()
    .describe('The external ID that is sent to STS, for roles whose trust policy requires it.'),
  allow: z
    .array(
      z.strictObject({
        target: text('a target, e.g. oss://bucket/users/{user}/').describe(
          'oss://bucket/prefix/, oss://bucket/key or oss://bucket/. The key may contain {attribute}.',
        ),
        permissions: z.array(permission).default([]).describe('What is allowed on the target.'),
        actions: z
          .array(
            text('an action').refine((value) => OBJECT_ACTIONS.includes(value), {
              error: `must be one of ${OBJECT_ACTIONS.join(', ')}`,
            }),
          )
          .default([])
          .describe('OSS object actions that are allowed in addition to the permissions.'),
      }),
    )
    .min(1, { error: 'must allow at least one target' })
    .describe('What the grant allows.'),
  duration: z
    .strictObject({
      default: duration(
        MIN_SESSION_SECONDS,
        MAX_SESSION_SECONDS,
        'from 900s (the minimum of STS) to 12h',
      )
        .default('15m')
        .describe('The duration of credentials if the caller does not ask for one.'),
      max: duration(
        MIN_SESSION_SECONDS,
        MAX_SESSION_SECONDS,
        'from 900s (the minimum of STS) to 12h',
      )
        .default('1h')
        .describe(
          "The longest duration that a caller may ask for. Must not exceed the role's MaxSessionDuration.",
        ),
      strict: flag
        .default(false)
        .describe('true: refuse subject tokens with less than 900 seconds left.'),
    })
    .prefault({})
    .describe('The duration of credentials.'),
  restrict: z
    .strictObject({
      https: flag.default(true).describe('true: the credential works over HTTPS only.'),
      sourceIp: z
        .union([z.literal('caller'), z.array(addressRange).min(1)], {
          error: 'must be caller, or a list of IP addresses and CIDR ranges like 203.0.113.0/24',
        })
        .optional()
        .describe(
          'The credential works from these addresses only. caller: from the address of the caller.',
        ),
    })
    .prefault({})
    .describe('Restrictions that are added to the session policy.'),
  publicAcl: z
    .enum(['deny', 'allow'], { error: 'must be deny or allow' })
    .default('deny')
    .describe('Whether uploaders may make objects public with x-oss-object-acl.'),
  mode: mode(
    'report: the grant gives no credentials; the audit log shows what it would have given.',
  ),
  disabled: flag.optional().describe('true: the grant gives no credentials.'),
  tokensValidAfter: instant
    .optional()
    .describe('Subject tokens issued before this time are refused.'),
  deny: denySchema.optional(),
});

function isAddressRange(value: string): boolean {
  const [address = '', bits, surplus] = value.split('/');
  const version = isIP(address);
  if (version === 0 || surplus !== undefined || address.includes('%')) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  );
}

export const bucketSchema = z.strictObject({
  region: region.describe('The region of the bucket.'),
  endpoint: z
    .union([z.enum(['internal', 'accelerate']), safeUrl('an https:// URL', isOrigin)], {
      error: 'must be internal, accelerate, or an https:// URL without a path',
    })
    .optional()
    .describe("The endpoint that is returned to clients. Default: the region's public endpoint."),
  cname: flag.default(false).describe('true: the endpoint is a custom domain of this bucket.'),
});

export const configSchema = z.strictObject({
  region: region.describe('The region of the STS endpoint.'),
  sts: z
    .strictObject({
      network: z
        .enum(['public', 'vpc'], { error: 'must be public or vpc' })
        .default('public')
        .describe('Which STS endpoint of the region is used.'),
      endpoint: z
        .string({ error: 'must be host or host:port' })
        .refine((value) => HOST.test(value) || isLoopbackHttp(value), {
          error: 'must be host or host:port; http:// is accepted for this machine only',
        })
        .optional()
        .describe('The STS endpoint. Default: chosen from region and network.'),
      timeout: duration(1, 30, 'of at most 30s')
        .default('5s')
        .describe('The time limit for one AssumeRole call.'),
    })
    .prefault({})
    .describe('How STS is reached.'),
  buckets: z
    .record(z.string(), bucketSchema, {
      error: 'must be a map of buckets, e.g. { my-bucket: { region: cn-hangzhou } }',
    })
    .describe('The buckets that targets may name.'),
  issuers: z
    .array(issuerSchema, { error: 'must be a list of issuers' })
    .min(1, { error: 'must trust at least one issuer' })
    .describe('The trusted issuers.'),
  grants: z
    .array(grantSchema, { error: 'must be a list of grants' })
    .min(1, { error: 'must have at least one grant' })
    .describe('The grants: which callers may do what on which targets.'),
  surfaces: z
    .strictObject(
      {
        tokenExchange: flag
          .optional()
          .describe('true: OAuth 2.0 token exchange (RFC 8693) at POST /oauth/token.'),
        sts: stsSurface
          .optional()
          .describe('true or settings: AssumeRoleWithOIDC at POST / and GET /, as STS speaks it.'),
      },
      { error: 'must be like { tokenExchange: true }' },
    )
    .optional()
    .describe('Ways in besides the native API. Default: none.'),
  cors: z
    .strictObject({
      origins: z
        .array(
          z
            .string()
            .refine(
              (value) =>
                !value.includes('*') &&
                isSafeUrl(value, isOrigin) &&
                new URL(value).origin === value,
              {
                error:
                  'must be an origin as browsers send it, e.g. https://app.example.com, without a path or "*"',
              },
            ),
        )
        .default([])
        .describe('Origins of pages that may call the broker, compared exactly.'),
    })
    .prefault({})
    .describe('Cross-origin requests of browsers.'),
  audit: z
    .strictObject({
      claims: z.array(claimPath).default([]).describe('Claims that the audit log shows.'),
    })
    .prefault({})
    .describe('The audit log.'),
  callerAddress: z
    .strictObject({
      header: matching(/^[A-Za-z0-9-]{1,64}$/, 'the name of a header').describe(
        'The header to which the proxies in front of the broker append the caller address.',
      ),
      trustedHops: z
        .int({ error: 'must be a whole number from 1 to 10' })
        .min(1, { error: 'must be a whole number from 1 to 10' })
        .max(10, { error: 'must be a whole number from 1 to 10' })
        .describe('How many of your own proxies append to it.'),
    })
    .optional()
    .describe("Where the caller's address is read from. Default: the connection."),
  sourceCredentials: sourceCredentialsSchema.optional(),
  limits: limitsSchema.optional(),
  store: storeSchema.optional(),
});

function isLoopbackHttp(value: string): boolean {
  return value.startsWith('http://') && isSafeUrl(value, isOrigin);
}

export type ConfigInput = z.output<typeof configSchema>;
export type IssuerInput = z.output<typeof issuerSchema>;
export type GrantInput = z.output<typeof grantSchema>;
export type BucketInput = z.output<typeof bucketSchema>;

/** Returns the JSON Schema (2020-12) for editors. It describes the input before defaults are applied. */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' });
  return { $schema, title: 'broker.yaml of oss-token-broker', ...schema };
}
