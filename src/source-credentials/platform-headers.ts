/** Uses the credentials in a request's headers from Function Compute to sign AssumeRole for that request only. */
import type { AssumeRole, ReadHeader, SourceCredentials } from '../ports.ts';
import { isAboutSourceCredentials } from '../refusal.ts';
import type { AssumeRoleWith } from '../sts/assume-role.ts';
import { findCredentialProblem } from './credential-problem.ts';

/** https://www.alibabacloud.com/help/en/functioncompute/fc/context-and-log-format-1 */
const PLATFORM_HEADERS = {
  accessKeyId: 'x-fc-access-key-id',
  accessKeySecret: 'x-fc-access-key-secret',
  securityToken: 'x-fc-security-token',
} as const;

/**
 * Reads the credentials that Function Compute puts into a request's headers. Undefined unless all
 * are present and look like a session of a role. A caller may have written them: it is not
 * documented whether the platform removes such headers from a caller's request.
 */
export function readPlatformCredentials(header: ReadHeader): SourceCredentials | undefined {
  const accessKeyId = header(PLATFORM_HEADERS.accessKeyId);
  const accessKeySecret = header(PLATFORM_HEADERS.accessKeySecret);
  const securityToken = header(PLATFORM_HEADERS.securityToken);
  if (!accessKeyId || !accessKeySecret || !securityToken) return undefined;
  const credentials = { accessKeyId, accessKeySecret, securityToken };
  return findCredentialProblem(credentials) === undefined ? credentials : undefined;
}

/**
 * Makes the function that gives each request its AssumeRole: signed with the source credentials, or
 * without them, with the credentials in that request's headers. The shared `assumeRole`, with its
 * cache and its flights, never sees those headers, and `assumeRoleWith` keeps nothing of them. So a
 * caller who writes such headers changes only what signs that one request. STS refuses it unless
 * the role trusts that key anyway, and no other request gets the result.
 */
export function createPlatformFallback(options: {
  readonly assumeRole: AssumeRole;
  readonly assumeRoleWith: AssumeRoleWith;
}): (header: ReadHeader) => AssumeRole {
  const { assumeRole, assumeRoleWith } = options;
  return (header) =>
    async function assumeRoleOnPlatform(request) {
      try {
        return await assumeRole(request);
      } catch (error) {
        if (!isAboutSourceCredentials(error)) throw error;
        const credentials = readPlatformCredentials(header);
        if (credentials === undefined) throw error;
        return assumeRoleWith(credentials, request);
      }
    };
}
