/** Casdoor: access tokens of an application. https://casdoor.org/docs/token/overview */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const casdoor: Preset = {
  name: 'casdoor',
  title: 'Casdoor',
  issuer: anIssuer(
    'the origin of your Casdoor, without "/" at the end',
    'https://door.example.com',
    /^https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?$/,
  ),
  audience: anAudience('the client ID of the application', '0123456789abcdef0123'),
  algorithms: ['RS256'],
  types: ['JWT', 'at+jwt'],
  attributes: [
    '# the ID of the user; "name" and "owner" can change',
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
    'GET <issuer>/.well-known/openid-configuration shows the issuer and jwks_uri. Compare both with this file.',
    'Anybody signs up where sign-up of the application is on.',
    'One Casdoor signs for all its organizations. The audience says which application a token is for.',
    'If Casdoor is inside of a VPC, add privateNetwork: true to the issuer.',
  ],
};
