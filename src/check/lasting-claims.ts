/** Claims whose values are names that change hands, and the claims that name the same for good. */

interface LastingClaim {
  readonly lasting: string;
  /** Claims that name what the name is registered in: within it, only its owner can give the name away. */
  readonly owners: readonly string[];
}

const CLAIMS: Readonly<Record<string, LastingClaim>> = {
  // https://docs.github.com/en/actions/reference/security/oidc
  repository: { lasting: 'repository_id', owners: ['repository_owner_id', 'enterprise_id'] },
  repository_owner: { lasting: 'repository_owner_id', owners: ['enterprise_id', 'repository_id'] },
  enterprise: { lasting: 'enterprise_id', owners: ['repository_id', 'repository_owner_id'] },
  actor: { lasting: 'actor_id', owners: [] },
  // https://docs.gitlab.com/ci/secrets/id_token_authentication/
  project_path: { lasting: 'project_id', owners: ['namespace_id'] },
  namespace_path: { lasting: 'namespace_id', owners: ['project_id'] },
  user_login: { lasting: 'user_id', owners: [] },
  // https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens
  terraform_organization_name: { lasting: 'terraform_organization_id', owners: [] },
  terraform_project_name: {
    lasting: 'terraform_project_id',
    owners: ['terraform_organization_id'],
  },
  terraform_workspace_name: {
    lasting: 'terraform_workspace_id',
    owners: ['terraform_organization_id', 'terraform_project_id'],
  },
  // https://buildkite.com/docs/pipelines/security/oidc
  organization_slug: { lasting: 'organization_id', owners: [] },
  pipeline_slug: { lasting: 'pipeline_id', owners: ['organization_id'] },
  // OpenID Connect Core 1.0 section 5.7: only iss and sub together identify a person for good
  email: { lasting: 'sub', owners: [] },
  preferred_username: { lasting: 'sub', owners: [] },
  nickname: { lasting: 'sub', owners: [] },
  upn: { lasting: 'sub', owners: [] },
  unique_name: { lasting: 'sub', owners: [] },
};

/** Undefined if the claim is not known to hold a name that changes hands. */
export function lastingClaim(claim: string): LastingClaim | undefined {
  return Object.hasOwn(CLAIMS, claim) ? CLAIMS[claim] : undefined;
}
