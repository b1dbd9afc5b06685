/** The shortest and the longest role session: https://www.alibabacloud.com/help/en/ram/api-assumerole */

/** STS issues no shorter sessions. */
export const MIN_SESSION_SECONDS = 900;

/** No role allows more than 12 hours. */
export const MAX_SESSION_SECONDS = 43_200;
