/** Keycloak: access tokens of a realm. https://www.keycloak.org/docs/latest/server_admin/ */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const keycloak: Preset = {
  name: 'keycloak',
  title: 'Keycloak',
  issuer: anIssuer(
    'of the realm, without "/" at the end',
    'https://id.example.com/realms/main',
    /^https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?\/(?:[A-Za-z0-9._~-]+\/)*realms\/[A-Za-z0-9._~-]+$/,
  ),
  audience: anAudience('that a mapper adds', 'oss-token-broker', 'oss-token-broker'),
  algorithms: ['RS256'],
  types: ['JWT', 'at+jwt'],
  attributes: ['# a UUID, unless users come from a federation', 'user: { claim: sub }'],
  grant: {
    name: 'user-files',
    when: ['# an access token, and no ID token', '- { claim: typ, equals: Bearer }'],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'Keycloak puts no audience of yours into a token by itself. Add a mapper "Audience" with the audience above to the client, or to a client scope. Do not accept "account", which tokens of every client can have.',
    'The client has the scope "basic", which adds "sub" since Keycloak 25.',
    'If Keycloak is inside of a VPC, add privateNetwork: true to the issuer.',
  ],
};
