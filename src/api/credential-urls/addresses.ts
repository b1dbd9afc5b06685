/** The addresses of the surface. */

/** Where a credential URL is made. */
export const URLS = '/v1/credential-urls';

/** What precedes the ticket in the path of a credential URL. */
export const TICKETS = '/c/';
