/** How short and how long a session of a role can be: https://www.alibabacloud.com/help/en/ram/api-assumerole */

/** STS issues nothing shorter. */
export const MIN_SESSION_SECONDS = 900;

/** No role allows more than 12 hours. */
export const MAX_SESSION_SECONDS = 43_200;
