/** Amazon Cognito: ID tokens of a user pool. https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html */
import { anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const cognito: Preset = {
  name: 'cognito',
  title: 'Amazon Cognito',
  issuer: anIssuer(
    'with the ID of your user pool',
    'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example00',
    /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/[a-z0-9-]+_[A-Za-z0-9]+$/,
  ),
  audience: {
    what: 'audience (the ID of your app client)',
    example: '1example23456789',
    pattern: /^[a-z0-9]{1,128}$/,
  },
  algorithms: ['RS256'],
  types: ['JWT'],
  attributes: ['user: { claim: sub, grammar: uuid }'],
  grant: {
    name: 'user-files',
    when: [
      '# an access token has no "aud" by default, so callers send the ID token',
      '- { claim: token_use, equals: id }',
      '- { claim: email_verified, equals: true }',
    ],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'A user pool lets anybody sign up, until self-registration is turned off.',
    'Remove the condition on email_verified if your users have no address of mail.',
    'Users can write attributes that the app client may write. Build no condition on one of these.',
  ],
};
