/** Okta: access tokens of a custom authorization server. https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/ */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const okta: Preset = {
  name: 'okta',
  title: 'Okta',
  issuer: anIssuer(
    'of a custom authorization server, without "/" at the end',
    'https://example.okta.com/oauth2/default',
    /^https:\/\/[A-Za-z0-9.-]+\/oauth2\/[A-Za-z0-9]+$/,
  ),
  audience: anAudience('of that authorization server', 'api://default', 'api://default'),
  algorithms: ['RS256'],
  types: ['JWT', 'at+jwt'],
  attributes: [
    '# the ID of the user; "sub" of an access token is the login, which can change',
    'user: { claim: uid }',
  ],
  grant: {
    name: 'user-files',
    when: [],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'Tokens of the org authorization server, whose issuer has no /oauth2/, are for Okta alone. Use a custom one.',
    'Its access policy says which clients and users get a token. A condition such as { claim: scp, contains: files } asks for a scope of yours.',
    'A token of a client without a user has no "uid", and gets nothing.',
  ],
};
