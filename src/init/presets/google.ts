/** Google: ID tokens of a sign-in with Google Workspace. https://developers.google.com/identity/openid-connect/openid-connect */
import type { Preset } from '../preset.ts';

export const google: Preset = {
  name: 'google',
  title: 'Google',
  issuer: { fixed: 'https://accounts.google.com' },
  audience: {
    what: 'audience (the client ID of your application)',
    example: '1234567890-abc.apps.googleusercontent.com',
    pattern: /^[0-9]+-[a-z0-9]+\.apps\.googleusercontent\.com$/,
  },
  tenant: {
    what: 'domain of your Google Workspace',
    example: 'example.com',
    pattern: /^[a-z0-9.-]+\.[a-z]{2,}$/,
  },
  // discovery leads to another host
  jwksUri: 'https://www.googleapis.com/oauth2/v3/certs',
  algorithms: ['RS256'],
  types: ['JWT'],
  attributes: ['# digits, and never used again; an address of mail can be', 'user: { claim: sub }'],
  grant: {
    name: 'user-files',
    when: [
      '# accounts of your Workspace; a private account has no "hd"',
      '- { claim: hd, equals: "{tenant}" }',
    ],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'Anybody can have an account at Google. The condition on "hd" limits the grant to your Workspace: keep it.',
    'Use a client ID of your own for the broker. Whoever else gets tokens for it could pass them on.',
  ],
};
