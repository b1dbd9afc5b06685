/** What OAuth clients may find out about the broker (RFC 8414, RFC 9728). */
import { GRANT_TYPE } from './token-type.ts';

export const SERVER_METADATA_PATH = '/.well-known/oauth-authorization-server';
export const RESOURCE_METADATA_PATH = '/.well-known/oauth-protected-resource';

/**
 * RFC 8414 section 2. There is no authorization endpoint, so there are no response types, and section
 * 3.2 leaves out a list without elements. Without `token_endpoint_auth_methods_supported` a client
 * would believe that it needs a secret.
 */
export function toServerMetadata(publicUrl: string, tokenPath: string) {
  return {
    issuer: publicUrl,
    token_endpoint: `${publicUrl}${tokenPath}`,
    grant_types_supported: [GRANT_TYPE],
    token_endpoint_auth_methods_supported: ['none'],
    scopes_supported: ['read', 'write', 'list', 'delete'],
  };
}

/**
 * RFC 9728 section 2, of the native API. It names no authorization servers: a list of the trusted
 * issuers would tell anybody who the operator's partners are.
 */
export function toResourceMetadata(publicUrl: string) {
  return { resource: publicUrl, bearer_methods_supported: ['header'] };
}
