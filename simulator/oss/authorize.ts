/** Decides whether RAM allows a request: every policy set of the identity must allow every needed permission. */
import { evaluatePolicy } from '../../src/session-policy/evaluate.ts';
import type { Identity, SimulatedCloud } from '../cloud.ts';
import { ossError } from './error.ts';
import type { NeededPermission } from './permission.ts';
import type { OssRequestHead } from './request.ts';

/**
 * Throws AccessDenied unless role policy and session policy both allow everything. As with OSS, the
 * EC shows which of them refused.
 */
export function authorize(
  cloud: SimulatedCloud,
  identity: Identity,
  needed: readonly NeededPermission[],
  request: OssRequestHead,
): void {
  // an empty list would allow everything
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
 * The condition keys of the request. A key is present only if the request sets it; `oss:Prefix` and
 * `oss:Delimiter` only for list actions.
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
