/** Any issuer with OpenID Connect discovery, or a JWK Set. https://openid.net/specs/openid-connect-discovery-1_0.html */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const generic: Preset = {
  name: 'generic',
  title: 'an issuer with OpenID Connect discovery',
  issuer: anIssuer('as "iss" has it, to the last character', 'https://login.example.com'),
  audience: anAudience('that is for the broker alone', 'oss-token-broker', 'oss-token-broker'),
  algorithms: ['RS256', 'ES256'],
  types: ['JWT', 'at+jwt'],
  attributes: ['user: { claim: sub, grammar: subject }'],
  grant: {
    name: 'user-files',
    when: [],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'Decode a token of the issuer: "iss", "aud", and a "sub" that never changes and is never given to somebody else.',
    'Leave only the algorithm that the issuer uses.',
    'Without discovery, or with keys on another host, add jwksUri.',
    'If anybody can get a token from the issuer, add a condition under when.',
  ],
};
