/** Authing: ID tokens of an application. https://docs.authing.cn/ */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const authing: Preset = {
  name: 'authing',
  title: 'Authing',
  issuer: anIssuer(
    'of the application, with /oidc at the end',
    'https://example.authing.cn/oidc',
    /^https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?\/(?:[A-Za-z0-9._~-]+\/)*oidc$/,
  ),
  audience: anAudience('the ID of the application', '5f0000000000000000000000'),
  jwksUri: '{issuer}/.well-known/jwks.json',
  algorithms: ['RS256'],
  types: ['JWT'],
  attributes: ['user: { claim: sub }'],
  grant: {
    name: 'user-files',
    when: [],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'Set the algorithm of the ID token to RS256 in the settings of the application. The broker refuses HS256.',
    'GET <issuer>/.well-known/openid-configuration shows the issuer and jwks_uri. Compare both with this file.',
    'Anybody signs up where sign-up is on.',
  ],
};
