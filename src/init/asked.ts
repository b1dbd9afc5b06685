/** Values that most presets ask for in the same way. */
import type { Asked } from './preset.ts';

/** An https URL without characters that a config gives a meaning. */
const HTTPS = /^https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[A-Za-z0-9._~/-]*)?$/;
const PLAIN = /^[A-Za-z0-9._~:/@-]{1,200}$/;

export const anIssuer = (what: string, example: string, pattern: RegExp = HTTPS): Asked => ({
  what: `issuer (${what})`,
  example,
  pattern,
});

export const anAudience = (what: string, example: string, usual?: string): Asked => ({
  what: `audience (${what})`,
  example,
  pattern: PLAIN,
  ...(usual === undefined ? {} : { usual }),
});
