/** How long a config can let a subject token be accepted, at most. */

/** The greatest `maxTokenAge` that a config may have: 720 hours. */
export const MAX_TOKEN_AGE_SECONDS = 30 * 86_400;

/** The greatest `clockTolerance` that a config may have. */
export const MAX_CLOCK_TOLERANCE_SECONDS = 60;
