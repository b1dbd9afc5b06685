/** Credentials that Function Compute puts into the headers of a request: they sign that request and no other. */
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
 * Reads the credentials that Function Compute puts into a request's headers; undefined unless they
 * are all there and look like a session of a role. Whether the platform removes such headers from
 * what a caller sends is not documented, so a caller may have written them.
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
 * Makes the function that gives each request its AssumeRole: signed with the source credentials, or,
 * if there are none, with what the headers of that request hold. The shared `assumeRole`, with its
 * cache and its flights, never sees those headers, and `assumeRoleWith` keeps nothing of them. So
 * whoever writes such headers only changes what signs that one request. STS refuses it unless the
 * role trusts that key anyway, and no other request is answered with the outcome.
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
