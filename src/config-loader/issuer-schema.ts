/** The schema of an entry of `issuers` in `broker.yaml`. */
import { z } from 'zod';
import { MAX_CLOCK_TOLERANCE_SECONDS, MAX_TOKEN_AGE_SECONDS } from '../config/issuer-bounds.ts';
import { denySchema } from './limits-schema.ts';
import {
  claimPath,
  duration,
  flag,
  hasNoQuery,
  instant,
  name,
  safeUrl,
  text,
} from './schema-values.ts';

const grammar = z.union(
  [
    z.enum(['name', 'uuid', 'email', 'subject', 'path']),
    z.strictObject({
      characters: z
        .string()
        .regex(/^[\x21-\x7e]{1,200}$/)
        .refine((value) => !/[*?${}\\%/"]/.test(value))
        .describe('The characters that a value may have, with ranges like A-Z.'),
      maxLength: z.int().min(1).max(256).describe('The maximum length of a value, at most 256.'),
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
    .describe(
      "The URL of the keys. Default: found by OpenID Connect discovery, on the issuer's own origin.",
    ),
  jwks: z
    .strictObject(
      { keys: z.array(z.looseObject({})).min(1).describe('Public keys as JWK.') },
      { error: 'must be { keys: [...] }' },
    )
    .optional()
    .describe(
      'The public keys themselves, in place of jwksUri. Default: found by OpenID Connect discovery.',
    ),
  privateNetwork: flag
    .optional()
    .describe(
      'true: the host of the issuer, or of jwksUri, may have addresses of private networks, e.g. inside a VPC.',
    ),
  algorithms: z
    .array(
      z.enum(ALGORITHMS, {
        error: `must be an asymmetric algorithm (${ALGORITHMS.join(', ')}); with a symmetric algorithm, anyone who verifies can also sign`,
      }),
    )
    .min(1, { error: 'must name at least one algorithm' })
    .default(['RS256', 'ES256'])
    .describe('The asymmetric signature algorithms that this issuer may use.'),
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
    .describe('How far clocks may differ.'),
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
    .describe('Values from the claims, by the names that targets have for them.'),
});

export type IssuerInput = z.output<typeof issuerSchema>;
