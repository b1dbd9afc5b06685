/** Auth0: access tokens for an API. https://auth0.com/docs/secure/tokens/access-tokens */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const auth0: Preset = {
  name: 'auth0',
  title: 'Auth0',
  issuer: anIssuer(
    'the domain of your tenant, with "/" at the end',
    'https://example.eu.auth0.com/',
    /^https:\/\/[A-Za-z0-9.-]+\/$/,
  ),
  audience: anAudience('the identifier of your API', 'https://files.example.com'),
  algorithms: ['RS256'],
  types: ['JWT', 'at+jwt'],
  attributes: [
    '# e.g. auth0|6512bd43d9caa6e02c990b0a: the grammar "name" would refuse the "|"',
    'user: { claim: sub, grammar: subject }',
  ],
  grant: {
    name: 'user-files',
    when: [],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'Auth0 lets anybody sign up, until sign-ups of the connection are turned off. With RBAC of the API turned on, a condition such as { claim: permissions, contains: "upload:files" } lets in only whom you choose.',
    'The application asks for the audience above. Without it, it gets a token that is no JWT.',
    'The API signs with RS256, and not with HS256.',
  ],
};
