/** Tells which operations of OSS a session policy allows on sample keys, with the RAM policy evaluator of the project. */
import { containsTarget, formatTarget, isPrefix } from '../grants/target.ts';
import type { NarrowedGrant, Target } from '../ports.ts';
import { evaluatePolicy } from '../session-policy/evaluate.ts';
import type { AccessRequest, RamPolicy } from '../session-policy/ram-policy.ts';
import type { Operations, SampleKey } from './explanation.ts';
import { MAX_SENTENCE, showText } from './show-value.ts';

interface Operation {
  readonly name: string;
  readonly action: string;
  /** `list`: a listing of the key's folder. `list all`: one without a prefix. Absent: of an object. */
  readonly on?: 'list' | 'list all' | 'bucket';
  readonly acl?: string;
  readonly isPlainHttp?: true;
}

/**
 * Operations of OSS, and the action that each needs.
 * https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements
 */
const OPERATIONS: readonly Operation[] = [
  { name: 'GetObject, HeadObject', action: 'oss:GetObject' },
  { name: 'GetObject over plain http', action: 'oss:GetObject', isPlainHttp: true },
  { name: 'PutObject', action: 'oss:PutObject' },
  { name: 'PutObject with ACL public-read', action: 'oss:PutObject', acl: 'public-read' },
  { name: 'multipart: initiate, upload, complete', action: 'oss:PutObject' },
  { name: 'multipart: AbortMultipartUpload', action: 'oss:AbortMultipartUpload' },
  { name: 'multipart: ListParts', action: 'oss:ListParts' },
  { name: 'PutSymlink', action: 'oss:PutObject' },
  { name: 'DeleteObject', action: 'oss:DeleteObject' },
  { name: 'ListObjects of its folder', action: 'oss:ListObjects', on: 'list' },
  { name: 'ListObjects of the bucket', action: 'oss:ListObjects', on: 'list all' },
  { name: 'ListMultipartUploads', action: 'oss:ListMultipartUploads', on: 'bucket' },
  { name: 'PutObjectAcl', action: 'oss:PutObjectAcl' },
  { name: 'PutObjectTagging', action: 'oss:PutObjectTagging' },
  { name: 'GetObjectVersion', action: 'oss:GetObjectVersion' },
  { name: 'DeleteBucket', action: 'oss:DeleteBucket', on: 'bucket' },
];

/** Sample keys stand for the first targets only. */
const MAX_TARGETS = 3;

/** `asked`: one more key. `sourceAddress`: where the requests come from; if absent, an address that the policy allows. */
export function tellOperations(
  policy: RamPolicy,
  { allowances, sourceIps }: NarrowedGrant,
  {
    asked,
    sourceAddress,
  }: { readonly asked?: Target; readonly sourceAddress?: string | undefined },
): Operations {
  const targets = allowances.map(({ target }) => target);
  const samples = sampleKeys(targets, asked);
  const address = sourceAddress ?? sourceIps?.[0]?.replace(/\/\d+$/, '');
  return {
    keys: samples.map(({ target, is }) => ({
      key: showText(formatTarget(target), MAX_SENTENCE),
      is,
    })),
    verdicts: OPERATIONS.map((operation) => ({
      operation: operation.name,
      action: operation.action,
      allowed: samples.map(({ target }) => {
        const request = toRequest(operation, target, address);
        return evaluatePolicy([policy], request) === 'Allow';
      }),
    })),
    ...(sourceIps === undefined || address === undefined ? {} : { sourceAddress: address }),
  };
}

type Sample = Pick<SampleKey, 'is'> & { readonly target: Target };

/** A key in each target, and keys that only look as if they were in it. */
function sampleKeys(targets: readonly Target[], asked: Target | undefined): readonly Sample[] {
  const inside = targets.slice(0, MAX_TARGETS).map(
    ({ bucket, key }): Sample => ({
      target: { bucket, key: key === '' || key.endsWith('/') ? `${key}sample.txt` : key },
      is: 'inside',
    }),
  );
  const neighbours = targets.slice(0, MAX_TARGETS).flatMap((target) =>
    neighboursOf(target)
      .filter((key) => !targets.some((one) => containsTarget(one, key)))
      .map((key): Sample => ({ target: key, is: 'neighbour' })),
  );
  const all: readonly Sample[] = [
    ...(asked === undefined ? [] : [{ target: asked, is: 'asked' } as const]),
    ...inside,
    ...neighbours,
  ];
  const names = all.map(({ target }) => formatTarget(target));
  return all.filter((_, index) => names.indexOf(names[index] ?? '') === index);
}

function neighboursOf(target: Target): readonly Target[] {
  const { bucket, key } = target;
  if (key === '') return [];
  if (!isPrefix(target)) return [{ bucket, key: `${key}.bak` }];
  const parent = key.slice(0, key.lastIndexOf('/', key.length - 2) + 1);
  return [
    { bucket, key: `${key.slice(0, -1)}-other/sample.txt` },
    { bucket, key: `${parent}sample.txt` },
  ];
}

function toRequest(
  { action, on, acl, isPlainHttp }: Operation,
  { bucket, key }: Target,
  address: string | undefined,
): AccessRequest {
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return {
    action,
    resource: `acs:oss:*:*:${bucket}${on === undefined ? `/${key}` : ''}`,
    context: {
      'acs:SecureTransport': String(isPlainHttp !== true),
      ...(address === undefined ? {} : { 'acs:SourceIp': address }),
      ...(on === 'list' ? { 'oss:Prefix': folder } : {}),
      ...(acl === undefined ? {} : { 'oss:x-oss-object-acl': acl }),
    },
  };
}
