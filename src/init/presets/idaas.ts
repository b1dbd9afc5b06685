/** Alibaba Cloud IDaaS (EIAM): ID tokens of an OIDC application. https://www.alibabacloud.com/help/en/idaas/ */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const idaas: Preset = {
  name: 'idaas',
  title: 'Alibaba Cloud IDaaS',
  issuer: anIssuer(
    'as the console shows it for the application',
    'https://example.aliyunidaas.com/api/v2/app_example/oidc',
  ),
  audience: anAudience('the client_id of the application', 'app_example'),
  algorithms: ['RS256'],
  types: ['JWT'],
  attributes: ['user: { claim: sub, grammar: subject }'],
  grant: {
    name: 'user-files',
    when: [],
    prefix: 'users/{user}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: true,
  mustCheck: [
    'Copy the issuer from the sign-in settings of the application in the console, to the last character. This preset does not know its form for certain.',
    'The application signs with RS256.',
    'You choose what "sub" is. Choose the ID of the account, which never changes, and not a name.',
    'Assign the application to those who may use it.',
  ],
};
