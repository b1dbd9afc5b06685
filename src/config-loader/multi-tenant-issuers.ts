/** Issuers that anybody can get a token from, so that trusting the issuer alone trusts everybody. */

interface MultiTenantIssuer {
  readonly matches: RegExp;
  /** Claims that name one tenant for good. */
  readonly lasting: readonly string[];
  /** Claims whose values can be given up and registered again by somebody else. */
  readonly recyclable: readonly string[];
}

const ISSUERS: readonly MultiTenantIssuer[] = [
  {
    matches: /^https:\/\/token\.actions\.githubusercontent\.com$/,
    lasting: ['repository_id', 'repository_owner_id', 'enterprise_id'],
    recyclable: ['repository', 'repository_owner', 'sub', 'job_workflow_ref', 'enterprise'],
  },
  {
    matches: /^https:\/\/gitlab\.com$/,
    lasting: ['project_id', 'namespace_id', 'user_id'],
    recyclable: ['project_path', 'namespace_path', 'sub', 'user_login'],
  },
  {
    matches: /^https:\/\/app\.terraform\.io$/,
    lasting: ['terraform_organization_id', 'terraform_project_id', 'terraform_workspace_id'],
    recyclable: ['terraform_organization_name', 'terraform_workspace_name', 'sub'],
  },
  {
    matches: /^https:\/\/(?:accounts\.google\.com|securetoken\.google\.com\/.*)$/,
    lasting: ['sub', 'hd'],
    recyclable: ['email'],
  },
  {
    matches: /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers)\//,
    lasting: ['tid', 'oid'],
    recyclable: ['email', 'preferred_username', 'upn'],
  },
  {
    matches:
      /^https:\/\/(?:agent\.buildkite\.com|oidc\.circleci\.com\/org\/.*|vstoken\.dev\.azure\.com\/.*)$/,
    lasting: ['organization_id', 'pipeline_id', 'oidc.circleci.com/project-id', 'sub'],
    recyclable: ['organization_slug', 'pipeline_slug'],
  },
];

/** What a grant's conditions leave open with such an issuer, or undefined. `claims` are those it has conditions on. */
export function multiTenantProblem(issuer: string, claims: readonly string[]): string | undefined {
  const known = ISSUERS.find(({ matches }) => matches.test(issuer));
  if (known === undefined || claims.some((claim) => known.lasting.includes(claim)))
    return undefined;
  const wanted = known.lasting.join(', ');
  const recyclable = claims.filter((claim) => known.recyclable.includes(claim));
  if (recyclable.length > 0) {
    return `the conditions rest on ${recyclable.join(', ')}, which somebody else can register once it is given up; add one on ${wanted}`;
  }
  return `anybody can get a token from this issuer, and no condition says whose are meant; add one on ${wanted}`;
}
