/** GitLab CI: the identity of a job. https://docs.gitlab.com/ci/secrets/id_token_authentication/ */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const gitlabCi: Preset = {
  name: 'gitlab-ci',
  title: 'GitLab CI',
  issuer: {
    ...anIssuer(
      'GitLab.com or your own, without "/" at the end',
      'https://gitlab.com',
      /^https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[A-Za-z0-9._~-]+)*$/,
    ),
    usual: 'https://gitlab.com',
  },
  audience: anAudience('aud of id_tokens in the job', 'oss-token-broker', 'oss-token-broker'),
  tenant: {
    what: 'ID of your group or user namespace (namespace_id)',
    example: '72',
    pattern: /^\d{1,20}$/,
  },
  algorithms: ['RS256'],
  types: ['JWT'],
  maxTokenAge: '1h',
  attributes: [
    '# the ID, and not the path, which somebody else can get once you give it up',
    'project: { claim: project_id }',
  ],
  grant: {
    name: 'releases',
    when: [
      '# IDs are strings in the token, and so is "true"',
      '- { claim: namespace_id, equals: "{tenant}" }',
      '- { claim: ref_protected, equals: "true" }',
      '- { claim: ref, equals: main }',
      '- { claim: ref_type, equals: branch }',
    ],
    prefix: 'releases/{project}/',
    permissions: ['write'],
  },
  hasPages: false,
  auditClaims: ['project_path', 'pipeline_id', 'job_id'],
  mustCheck: [
    'GitLab.com signs for every project there. The condition on namespace_id says which are yours. A project in a subgroup has the ID of the subgroup.',
    'The branch is protected in the settings of the project.',
    'If GitLab is inside of a VPC, add privateNetwork: true to the issuer.',
  ],
};
