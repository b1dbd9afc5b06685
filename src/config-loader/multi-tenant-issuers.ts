/** Multi-tenant issuers: anybody can get a token from them, so a grant must name the tenant that it is for. */

import type { WarningRule } from './config-problems.ts';

interface MultiTenantClaims {
  /** Claims that identify one tenant permanently. */
  readonly lasting: readonly string[];
  /** Claims whose values somebody else can register once they are given up. */
  readonly recyclable: readonly string[];
}

interface MultiTenantIssuer extends MultiTenantClaims {
  readonly matches: RegExp;
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
    matches: /^https:\/\/accounts\.google\.com$/,
    lasting: ['sub', 'hd'],
    recyclable: ['email'],
  },
  {
    // of one project, but its API key is public, and anybody signs up anonymously or with a password
    matches: /^https:\/\/securetoken\.google\.com\/.*$/,
    lasting: ['firebase.sign_in_provider', 'firebase.tenant', 'sub'],
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

/** The claims that tell the tenants of an issuer apart. Undefined if it is not known to be multi-tenant. */
export function multiTenantClaims(issuer: string): MultiTenantClaims | undefined {
  return ISSUERS.find(({ matches }) => matches.test(issuer));
}

/**
 * Says why conditions on these claims do not limit a grant to one tenant of the issuer. Undefined if
 * they do, or if the issuer is not known to be multi-tenant.
 */
export function multiTenantProblem(
  issuer: string,
  claims: readonly string[],
): { readonly message: string; readonly rule: WarningRule } | undefined {
  const known = multiTenantClaims(issuer);
  if (known === undefined || claims.some((claim) => known.lasting.includes(claim)))
    return undefined;
  const wanted = known.lasting.join(', ');
  const recyclable = claims.filter((claim) => known.recyclable.includes(claim));
  if (recyclable.length > 0) {
    return {
      message: `the conditions rely on ${recyclable.join(', ')}, which somebody else can register once it is given up; add a condition on one of ${wanted}`,
      rule: 'recyclable-tenant',
    };
  }
  return {
    message: `anybody can get a token from this issuer, and no condition limits the grant to one tenant; add a condition on one of ${wanted}`,
    rule: 'shared-issuer',
  };
}
