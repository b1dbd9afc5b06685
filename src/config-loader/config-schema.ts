/** The schema of `broker.yaml`. The loader validates with it, and the JSON Schema for editors is generated from it. */
import { z } from 'zod';
import { assertSchema } from './assertion-schema.ts';
import { credentialUrlsSchema } from './credential-urls-schema.ts';
import { grantSchema } from './grant-schema.ts';
import { issuerSchema } from './issuer-schema.ts';
import { limitsSchema, storeSchema } from './limits-schema.ts';
import { metricsSchema, telemetrySchema } from './monitoring-schema.ts';
import {
  claimPath,
  duration,
  flag,
  isApiEndpoint,
  isExactOrigin,
  isOrigin,
  matching,
  region,
  safeUrl,
} from './schema-values.ts';
import { sourceCredentialsSchema } from './source-credentials-schema.ts';

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

export const bucketSchema = z.strictObject({
  region: region.describe('The region of the bucket.'),
  endpoint: z
    .union([z.enum(['internal', 'accelerate']), safeUrl('an https:// URL', isOrigin)], {
      error: 'must be internal, accelerate, or an https:// URL without a path',
    })
    .optional()
    .describe(
      "The endpoint of the bucket, which callers learn from the answer. Default: the region's public one.",
    ),
  cname: flag.default(false).describe('true: the endpoint is a domain of this bucket alone.'),
});

const PUBLIC_URL_WORDS =
  'must be an https:// origin like https://broker.example.com, without a path; http:// is accepted for this machine only';

export const configSchema = z.strictObject({
  publicUrl: z
    .string({ error: PUBLIC_URL_WORDS })
    .refine(isExactOrigin, { error: PUBLIC_URL_WORDS })
    .optional()
    .describe(
      'The origin at which callers reach the broker, for metadata and credential URLs. Default: unknown; no answer then has a URL.',
    ),
  region: region.describe('The region of the STS endpoint.'),
  sts: z
    .strictObject({
      network: z
        .enum(['public', 'vpc'], { error: 'must be public or vpc' })
        .default('public')
        .describe('Which STS endpoint of the region is used.'),
      endpoint: z
        .string({ error: 'must be host or host:port' })
        .refine((value) => isApiEndpoint(value), {
          error: 'must be host or host:port; http:// is accepted for this machine only',
        })
        .optional()
        .describe('The STS endpoint. Default: from region and network.'),
      timeout: duration(1, 30, 'of at most 30s')
        .default('5s')
        .describe(
          'The whole time that one AssumeRole may take, and how long a request may wait for its turn before.',
        ),
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
          .describe(
            'true: OAuth 2.0 token exchange (RFC 8693) at POST /oauth/token. While it is off, that address does not exist.',
          ),
        credentialUrls: credentialUrlsSchema.optional(),
        aws: flag
          .optional()
          .describe(
            "true: AWS's AssumeRoleWithWebIdentity at POST /, and container credentials at GET /v1/aws-credentials.",
          ),
        sts: stsSurface
          .optional()
          .describe(
            'true or a map: AssumeRoleWithOIDC at POST / and GET /, as STS speaks it. Default: false.',
          ),
      },
      { error: 'must be like { tokenExchange: true }' },
    )
    .optional()
    .describe('Ways in besides the native API. Default: none.'),
  cors: z
    .strictObject({
      origins: z
        .array(
          z.string().refine((value) => !value.includes('*') && isExactOrigin(value), {
            error:
              'must be an origin as browsers send it, e.g. https://app.example.com, without a path or "*"',
          }),
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
        "The header to which the proxies in front of the broker append the caller's address.",
      ),
      trustedHops: z
        .int({ error: 'must be a whole number from 1 to 10' })
        .min(1, { error: 'must be a whole number from 1 to 10' })
        .max(10, { error: 'must be a whole number from 1 to 10' })
        .describe('How many of your own proxies append to it. The broker counts from the right.'),
    })
    .optional()
    .describe("Where the caller's address is read from. Default: the address of the connection."),
  sourceCredentials: sourceCredentialsSchema.optional(),
  limits: limitsSchema.optional(),
  store: storeSchema.optional(),
  assert: assertSchema.optional(),
  metrics: metricsSchema.optional(),
  telemetry: telemetrySchema.optional(),
});

export type ConfigInput = z.output<typeof configSchema>;
export type BucketInput = z.output<typeof bucketSchema>;

/** Returns the JSON Schema (2020-12) for editors. It describes the input before defaults are applied. */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' });
  return { $schema, title: 'broker.yaml of oss-token-broker', ...schema };
}
