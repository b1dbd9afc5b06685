/** Firebase Authentication: ID tokens of a project. https://firebase.google.com/docs/auth/admin/verify-id-tokens */
import { anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const firebase: Preset = {
  name: 'firebase',
  title: 'Firebase Authentication',
  issuer: anIssuer(
    'with the ID of your project',
    'https://securetoken.google.com/example-project',
    /^https:\/\/securetoken\.google\.com\/[a-z0-9-]+$/,
  ),
  audience: {
    what: 'audience (the ID of your project)',
    example: 'example-project',
    pattern: /^[a-z0-9-]+$/,
  },
  // there is no discovery that leads to keys as a JWK Set
  jwksUri:
    'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
  algorithms: ['RS256'],
  types: ['JWT'],
  attributes: ['user: { claim: sub, grammar: subject }'],
  grant: {
    name: 'user-files',
    when: [
      '# ways of signing in; without this, anonymous users get in too',
      '- { claim: [firebase, sign_in_provider], in: [google.com, apple.com, password] }',
      '- { claim: email_verified, equals: true }',
    ],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'The ways of signing in are yours. The API key of a project is public, so anybody signs up where sign-up is on.',
    'An ID token works for everything in the project. It has no audience of the broker alone.',
    'You set custom claims with the Admin SDK. Users cannot change them.',
  ],
};
