/** Recognises requests to the S3 side of OSS, and translates them into those that OSS performs. */
import { ossError } from './error.ts';
import type { OssRequest, OssRequestHead } from './request.ts';
import { checkContent } from './s3-content.ts';
import { headerNotImplemented } from './s3-error.ts';

/** What a signature in the query consists of, in lower case. */
const SIGNATURE_PARAMETERS: ReadonlySet<string> = new Set([
  ...['x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-expires'],
  ...['x-amz-signedheaders', 'x-amz-signature', 'awsaccesskeyid'],
]);

/** `s3.oss-cn-hangzhou.aliyuncs.com`, `bucket.s3.oss-cn-hangzhou.aliyuncs.com`, `s3.localhost` */
const S3_HOST = /(^|\.)s3\./i;

/** True if the request carries a signature of AWS, or part of one in its query. */
export function isS3Signed({ headers, query }: OssRequestHead): boolean {
  return headers['authorization']?.startsWith('AWS') === true || isPresigned(query);
}

/** A signature decides, the host only without one: AWS clients may use the usual endpoints too. */
export function isS3Request(request: OssRequestHead): boolean {
  if (isS3Signed(request)) return true;
  const { headers, query } = request;
  const isSigned = headers['authorization'] !== undefined || query.has('x-oss-signature-version');
  return !isSigned && S3_HOST.test(headers['host'] ?? '');
}

/** True if the query has part of a signature. */
export function isPresigned(query: OssRequestHead['query']): boolean {
  return [...query.keys()].some((name) => SIGNATURE_PARAMETERS.has(name.toLowerCase()));
}

/**
 * The headers `x-amz-…` by lower-case name. In a presigned URL, they are parameters: SDKs move
 * `x-amz-acl` and `x-amz-meta-…` there, and S3 takes them. That OSS does too is an assumption.
 */
export function amzHeaders({ headers, query }: OssRequestHead): ReadonlyMap<string, string> {
  const parameters = isPresigned(query) ? [...query] : [];
  return new Map(
    [...parameters, ...Object.entries(headers)]
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => name.startsWith('x-amz-') && !SIGNATURE_PARAMETERS.has(name)),
  );
}

/** The same request with the headers of OSS. Throws an OssError for what OSS refuses or lacks. */
export function toOssRequest(request: OssRequest): OssRequest {
  const { method, key, query } = request;
  if (request.isPathStyle) throw ossError('SecondLevelDomainForbidden');
  const amz = amzHeaders(request);
  checkContent(request, amz);
  if (query.has('acl') && !(method === 'PUT' && amz.has('x-amz-acl'))) {
    throw ossError('NotImplemented', 'The simulator does not know the ACL documents of S3.');
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith('x-amz-')) headers[name] = value;
  }
  const isUpload = method === 'PUT' || method === 'POST';
  if (isUpload && (headers['if-match'] ?? headers['if-none-match']) !== undefined) {
    throw headerNotImplemented();
  }
  for (const [name, value] of amz) {
    if (name.startsWith('x-amz-grant-')) throw headerNotImplemented();
    const acl = key === '' ? 'x-oss-acl' : 'x-oss-object-acl';
    headers[name === 'x-amz-acl' ? acl : name.replace('x-amz-', 'x-oss-')] = value;
  }
  return { ...request, headers };
}
