/** The names of the token exchange (RFC 8693). */

export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** The type of what is issued (RFC 8693 section 3): none of the RFC's own types is an STS credential. */
export const ISSUED_TOKEN_TYPE = 'urn:oss-token-broker:token-type:sts-credential';
