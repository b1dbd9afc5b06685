/** The schema of credential URLs in `broker.yaml`, and their conversion to settings. */
import { z } from 'zod';
import type { CredentialUrlSettings } from '../config/credential-url-settings.ts';
import { parseDuration, toSeconds } from './durations.ts';

const MAX_LIFE_SECONDS = 30 * 86_400;
const MAX_KEYS = 8;
const KEYS_WORDS = `must be a list of 1 to ${MAX_KEYS} keys like { id: k1, keyFrom: TICKET_KEY_K1 }`;
const LIFE_WORDS = 'must be a duration of at most 720h, written like 900s, 15m or 1h';
const VARIABLE_WORDS =
  'must be the name of an environment variable, e.g. TICKET_KEY_K1, and not the key itself';

const ticketKey = z.strictObject(
  {
    id: z
      .string({ error: 'must be a name' })
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, {
        error: 'must be a name of lower-case letters, digits and "-", at most 32',
      })
      .describe('Names the key inside the URLs that it encrypts.'),
    keyFrom: z
      .string({ error: VARIABLE_WORDS })
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, { error: VARIABLE_WORDS })
      .describe(
        'The name of the environment variable with the key: the base64 of 32 random bytes or more.',
      ),
  },
  { error: 'must be like { id: k1, keyFrom: TICKET_KEY_K1 }' },
);

export const credentialUrlsSchema = z
  .strictObject(
    {
      keys: z
        .array(ticketKey, { error: KEYS_WORDS })
        .min(1, { error: KEYS_WORDS })
        .max(MAX_KEYS, { error: KEYS_WORDS })
        .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, {
          error: 'must not repeat an id',
        })
        .describe('The first key encrypts. Every key decrypts.'),
      maxLife: z
        .string({ error: LIFE_WORDS })
        .refine((value) => (parseDuration(value) ?? Number.NaN) <= MAX_LIFE_SECONDS, {
          error: LIFE_WORDS,
        })
        .default('1h')
        .describe('How long a credential URL may work.'),
      beyondToken: z
        .boolean({ error: 'must be true or false' })
        .optional()
        .describe(
          'true: a credential URL may work when its subject token has expired; maxTokenAge of the issuer ends it all the same.',
        ),
      deny: z
        .strictObject({
          ticketIds: z
            .array(z.string({ error: 'must be a ticket ID' }), { error: 'must be a list' })
            .default([])
            .describe('The credential URLs to refuse, by the ticketId of the audit log.'),
        })
        .optional()
        .describe('What to refuse.'),
    },
    { error: 'must be like { keys: [{ id: k1, keyFrom: TICKET_KEY_K1 }] }' },
  )
  .describe('Credential URLs at POST /v1/credential-urls. Needs publicUrl.');

export function buildCredentialUrls(
  input: z.output<typeof credentialUrlsSchema>,
): CredentialUrlSettings {
  const { keys, maxLife, beyondToken, deny } = input;
  return {
    keys,
    maxLifeSeconds: toSeconds(maxLife),
    ...(beyondToken === true ? { beyondToken } : {}),
    ...(deny === undefined || deny.ticketIds.length === 0 ? {} : { deny }),
  };
}
