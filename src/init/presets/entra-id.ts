/** Microsoft Entra ID: access tokens of version 2.0. https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference */
import { anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const entraId: Preset = {
  name: 'entra-id',
  title: 'Microsoft Entra ID',
  issuer: anIssuer(
    'with the ID of your tenant, and /v2.0 at the end',
    'https://login.microsoftonline.com/00000000-0000-4000-8000-000000000000/v2.0',
    /^https:\/\/login\.(?:microsoftonline\.com|partner\.microsoftonline\.cn|microsoftonline\.us)\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/v2\.0$/,
  ),
  audience: {
    what: 'audience (the application ID of your API)',
    example: '00000000-0000-4000-8000-000000000001',
    pattern: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  },
  algorithms: ['RS256'],
  types: ['JWT'],
  attributes: [
    '# the object ID, one for each user in all applications; "sub" is another one in each application',
    'user: { claim: oid, grammar: uuid }',
  ],
  grant: {
    name: 'user-files',
    when: [
      '# a token of a user with this scope of your API; a token of an application has none',
      '- { claim: scp, equals: files }',
    ],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'The manifest of the API has requestedAccessTokenVersion 2. Else its tokens have another issuer, https://sts.windows.net/.',
    'The API exposes a scope "files", and the application asks for it alone. With several scopes, "scp" has them all in one string.',
    'All users of the tenant can get a token, guests too, unless the enterprise application requires assignment.',
    'The issuer must name one tenant, and never "common" or "organizations".',
  ],
};
