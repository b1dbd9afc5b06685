/** Supabase Auth: access tokens of a project. https://supabase.com/docs/guides/auth/jwt-fields */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const supabase: Preset = {
  name: 'supabase',
  title: 'Supabase Auth',
  issuer: anIssuer(
    'of your project, with /auth/v1 at the end',
    'https://exampleproject.supabase.co/auth/v1',
    /^https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?\/auth\/v1$/,
  ),
  audience: anAudience('the same for all users', 'authenticated', 'authenticated'),
  jwksUri: '{issuer}/.well-known/jwks.json',
  algorithms: ['ES256', 'RS256'],
  types: ['JWT'],
  attributes: ['user: { claim: sub, grammar: uuid }'],
  grant: {
    name: 'user-files',
    when: [
      '- { claim: role, equals: authenticated }',
      '# anonymous users have the same role',
      '- { claim: is_anonymous, equals: false }',
    ],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'The project signs with an asymmetric key (JWT signing keys). The broker refuses tokens of the legacy JWT secret, HS256.',
    'Anybody signs up where sign-up is on.',
    'Users can change user_metadata. Build conditions on app_metadata only.',
    'A token works for everything in the project. It has no audience of the broker alone.',
  ],
};
