/** GitHub Actions: the identity of a job. https://docs.github.com/en/actions/reference/security/oidc */
import { anAudience } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const githubActions: Preset = {
  name: 'github-actions',
  title: 'GitHub Actions',
  issuer: { fixed: 'https://token.actions.githubusercontent.com' },
  audience: anAudience('that the job asks for', 'oss-token-broker', 'oss-token-broker'),
  tenant: {
    what: 'ID of your organization or account (repository_owner_id)',
    example: '1234567',
    pattern: /^\d{1,20}$/,
  },
  algorithms: ['RS256'],
  types: ['JWT'],
  maxTokenAge: '1h',
  attributes: [
    '# the ID, and not the name, which somebody else can register once you give it up',
    'repository: { claim: repository_id }',
  ],
  grant: {
    name: 'releases',
    when: [
      '# IDs are strings in the token, so they stand in quotes',
      '- { claim: repository_owner_id, equals: "{tenant}" }',
      '# not a pull request, and not another branch',
      '- { claim: ref, equals: refs/heads/main }',
      '# only a job of this environment, whose reviewers must agree:',
      '# - { claim: environment, equals: production }',
    ],
    prefix: 'releases/{repository}/',
    permissions: ['write'],
  },
  hasPages: false,
  auditClaims: ['repository', 'workflow_ref', 'run_id'],
  mustCheck: [
    'One issuer signs for every repository at GitHub. The condition on repository_owner_id says which are yours. GET https://api.github.com/users/NAME shows the ID of an organization or account.',
    'The job has permissions: { id-token: write }, and asks for the audience above.',
    'Whoever can push to the branch, or change a workflow of it, can upload. Protect it.',
  ],
};
