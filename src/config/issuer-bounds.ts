/** The largest values that the config accepts for an issuer. A reload can raise a setting up to them. */

export const MAX_TOKEN_AGE_SECONDS = 30 * 86_400;
export const MAX_CLOCK_TOLERANCE_SECONDS = 60;
