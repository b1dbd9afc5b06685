/** Whether RAM allows a request: every policy set of the identity must, for every permission that it needs. */
import { evaluatePolicy } from '../session-policy/evaluate.ts';
import type { Identity, SimulatedCloud } from './cloud.ts';
import { ossError } from './oss-error.ts';
import type { NeededPermission } from './oss-operation.ts';
import type { OssRequest } from './oss-request.ts';

/** Throws AccessDenied unless all of it is allowed: role policy and session policy both have to. */
export function authorize(
  cloud: SimulatedCloud,
  identity: Identity,
  needed: readonly NeededPermission[],
  request: OssRequest,
): void {
  const context = toContext(cloud, request);
  const isAllowed = needed.every(({ action, bucket, key }) =>
    identity.policies.every(
      (policies) =>
        evaluatePolicy(policies, {
          action,
          resource: toResource(cloud.accountId, bucket, key),
          context,
        }) === 'Allow',
    ),
  );
  if (!isAllowed) throw ossError('AccessDenied');
}

function toResource(accountId: string, bucket: string, key: string): string {
  if (bucket === '') return `acs:oss:*:${accountId}:*`;
  return `acs:oss:*:${accountId}:${bucket}${key === '' ? '' : `/${key}`}`;
}

/** The condition keys of the request. A key is there only if the request said something of it. */
function toContext(cloud: SimulatedCloud, { query, headers, sourceIp, isSecure }: OssRequest) {
  return {
    'oss:Prefix': query.get('prefix'),
    'oss:Delimiter': query.get('delimiter'),
    'oss:x-oss-acl': headers['x-oss-acl'],
    'oss:x-oss-object-acl': headers['x-oss-object-acl'],
    'acs:SourceIp': sourceIp,
    'acs:SecureTransport': String(isSecure),
    'acs:UserAgent': headers['user-agent'],
    'acs:CurrentTime': new Date(cloud.now()).toISOString(),
  };
}
