/** The schema of an entry of `grants` in `broker.yaml`. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { MAX_SESSION_SECONDS, MIN_SESSION_SECONDS } from '../lib/session-seconds.ts';
import { OBJECT_ACTIONS } from '../session-policy/object-actions.ts';
import { denySchema } from './limits-schema.ts';
import { claimPath, duration, flag, instant, matching, name, text } from './schema-values.ts';

const claimValue = z.union([z.string(), z.number(), z.boolean()], {
  error: 'must be a string, a number, true or false',
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
    z.strictObject({
      claim: claimPath,
      equals: claimValue.describe('The claim is this value, of this type.'),
      mode: conditionMode,
    }),
    z.strictObject({
      claim: claimPath,
      in: z.array(claimValue).min(1).describe('The claim is one of these values.'),
      mode: conditionMode,
    }),
    z.strictObject({
      claim: claimPath,
      contains: claimValue.describe('The claim is an array and holds this value.'),
      mode: conditionMode,
    }),
    z.strictObject({
      claim: claimPath,
      startsWith: z.string().min(1).describe('The claim is a string and begins with this text.'),
      mode: conditionMode,
    }),
    z.strictObject({
      claim: claimPath,
      exists: z.boolean().describe('true: the claim is there and not null; false: it is absent.'),
      mode: conditionMode,
    }),
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
          .describe('Further OSS object actions, e.g. oss:GetObjectTagging.'),
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
          "The longest duration that a caller may ask for, at most the role's MaxSessionDuration.",
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
    .describe('allow: uploaders may make objects public with x-oss-object-acl.'),
  mode: mode(
    'report: the grant gives no credentials; the audit log shows what it would have given.',
  ),
  disabled: flag.optional().describe('true: nobody gets anything of this grant.'),
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

export type GrantInput = z.output<typeof grantSchema>;
