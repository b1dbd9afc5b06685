/** Clerk: tokens of a JWT template. https://clerk.com/docs/guides/sessions/jwt-templates */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const clerk: Preset = {
  name: 'clerk',
  title: 'Clerk',
  issuer: anIssuer(
    'the Frontend API URL of your instance, without "/" at the end',
    'https://clerk.example.com',
    /^https:\/\/[A-Za-z0-9.-]+$/,
  ),
  audience: anAudience('that the JWT template sets', 'oss-token-broker', 'oss-token-broker'),
  algorithms: ['RS256'],
  types: ['JWT'],
  attributes: ['# e.g. user_2x4Zp', 'user: { claim: sub }'],
  grant: {
    name: 'user-files',
    when: [],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'A session token of Clerk has no "aud", so the broker refuses it. Make a JWT template with { "aud": "oss-token-broker" } as its claims, and call getToken({ template }) in the page.',
    'The template signs with RS256. With a signing key of your own it would be HS256.',
    'Anybody signs up where sign-up is on. A claim of the template from public_metadata can be a condition; unsafe_metadata is for users to change.',
  ],
};
