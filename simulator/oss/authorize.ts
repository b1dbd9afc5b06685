/** Whether RAM allows a request: every policy set of the identity must, for every permission that it needs. */
import { evaluatePolicy } from '../../src/session-policy/evaluate.ts';
import type { Identity, SimulatedCloud } from '../cloud.ts';
import { ossError } from './error.ts';
import type { NeededPermission } from './permission.ts';
import type { OssRequestHead } from './request.ts';

/**
 * Throws AccessDenied unless all of it is allowed: role policy and session policy both have to. The
 * EC tells which of them said no, as that of OSS does.
 */
export function authorize(
  cloud: SimulatedCloud,
  identity: Identity,
  needed: readonly NeededPermission[],
  request: OssRequestHead,
): void {
  // nothing needed would be everything allowed
  if (needed.length === 0 || identity.policies.length === 0) throw ossError('AccessDenied');
  for (const { action, bucket, key } of needed) {
    const resource = toResource(cloud.accountId, bucket, key);
    const context = toContext(cloud, action, request);
    for (const [index, policies] of identity.policies.entries()) {
      const verdict = evaluatePolicy(policies, { action, resource, context });
      if (verdict === 'Allow') continue;
      if (index > 0) throw ossError('DeniedBySessionPolicy');
      throw ossError(verdict === 'Deny' ? 'DeniedByPolicy' : 'AccessDenied');
    }
  }
}

function toResource(accountId: string, bucket: string, key: string): string {
  if (bucket === '') return `acs:oss:*:${accountId}:*`;
  return `acs:oss:*:${accountId}:${bucket}${key === '' ? '' : `/${key}`}`;
}

/**
 * The condition keys of the request. A key is there only if the request said something of it, and
 * `oss:Prefix` and `oss:Delimiter` only where a bucket is listed.
 * https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements
 */
function toContext(cloud: SimulatedCloud, action: string, request: OssRequestHead) {
  const { query, headers, sourceIp, isSecure } = request;
  const isListing = action.startsWith('oss:List');
  return {
    'oss:Prefix': isListing ? query.get('prefix') : undefined,
    'oss:Delimiter': isListing ? query.get('delimiter') : undefined,
    'oss:x-oss-acl': headers['x-oss-acl'],
    'oss:x-oss-object-acl': headers['x-oss-object-acl'],
    'acs:SourceIp': sourceIp,
    'acs:SecureTransport': String(isSecure),
    'acs:UserAgent': headers['user-agent'],
    'acs:CurrentTime': new Date(cloud.now()).toISOString(),
  };
}
