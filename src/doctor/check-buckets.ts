/** Checks where each bucket is, whether OSS takes a session there, and what pages may ask it. */

import type { Bucket, Grant } from '../config/config.ts';
import { signOssRequest } from '../lib/sign-oss-request.ts';
import type { AssumedRole } from '../ports.ts';
import { explainEc } from './explain-ec.ts';
import { type Finding, failed, ok } from './finding.ts';
import type { AskOss, OssReply } from './oss-exchange.ts';

const ENDPOINTS_PAGE = 'https://www.alibabacloud.com/help/en/oss/user-guide/regions-and-endpoints';

/** An unsigned request is enough: OSS refuses it, and says where the bucket is if that is elsewhere. */
export async function checkBucket(bucket: Bucket, askOss: AskOss): Promise<Finding> {
  const check = `bucket ${bucket.name}`;
  const reply = await askOss({ bucket, method: 'GET' });
  if ('problem' in reply) return failed(check, unreachable(bucket, reply.problem));
  const elsewhere = explainElsewhere(bucket, reply);
  if (elsewhere !== undefined) return failed(check, elsewhere);
  if (reply.status === 403 && reply.code === 'AccessDenied') {
    return ok(check, `private, in ${bucket.region}, at ${bucket.endpoint}`);
  }
  if (reply.status === 200) {
    return failed(check, {
      saw: 'anybody can list it',
      cause:
        'the ACL or the policy of the bucket makes it public; no session policy restricts those who need none',
      fix: 'make the bucket private: its objects are for callers with a credential',
    });
  }
  return failed(check, explainReply(reply));
}

/** Signs with a session whose policy denies all: OSS must know it, and refuse because of that policy. */
export async function checkSession(options: {
  readonly bucket: Bucket;
  readonly session: AssumedRole;
  readonly askOss: AskOss;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): Promise<Finding> {
  const { bucket, session, askOss, now } = options;
  const check = `session at ${bucket.name}`;
  const { name, region } = bucket;
  const credentials = session;
  const headers = signOssRequest({
    method: 'GET',
    bucket: name,
    key: '',
    region,
    credentials,
    nowMs: now(),
  });
  const reply = await askOss({ bucket, method: 'GET', headers });
  if ('problem' in reply) return failed(check, unreachable(bucket, reply.problem));
  const elsewhere = explainElsewhere(bucket, reply);
  if (elsewhere !== undefined) return failed(check, elsewhere);
  if (reply.status === 403 && reply.code === 'AccessDenied') {
    return ok(
      check,
      `known, and refused by its policy${reply.ec === undefined ? '' : ` (EC ${reply.ec})`}`,
    );
  }
  if (reply.status === 200) {
    return failed(check, {
      saw: 'a session that may do nothing lists the bucket',
      cause: 'the bucket lets everybody in, whatever a session policy says',
      fix: 'make the bucket private, and look at its bucket policy',
    });
  }
  return failed(check, explainReply(reply));
}

/** What a page sends: the headers of a signature of version 4, and the type of a file. */
const ASKED_HEADERS =
  'authorization,content-type,x-oss-content-sha256,x-oss-date,x-oss-security-token';

/** One preflight for each method that the grants' permissions need. */
export async function checkCors(options: {
  readonly bucket: Bucket;
  readonly origin: string;
  readonly grants: readonly Grant[];
  readonly askOss: AskOss;
}): Promise<Finding> {
  const { bucket, origin, grants, askOss } = options;
  const check = `CORS of ${bucket.name} for ${origin}`;
  const methods = methodsFor(bucket, grants);
  const refused: string[] = [];
  for (const method of methods) {
    const reply = await askOss({
      bucket,
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': ASKED_HEADERS,
      },
    });
    if ('problem' in reply) return failed(check, unreachable(bucket, reply.problem));
    const elsewhere = explainElsewhere(bucket, reply);
    if (elsewhere !== undefined) return failed(check, elsewhere);
    if (!isAllowed(reply, origin, method)) refused.push(method);
  }
  if (refused.length === 0) return ok(check, `${methods.join(', ')} allowed`);
  return failed(check, {
    saw: `${refused.join(', ')} refused`,
    cause:
      'no CORS rule of the bucket allows this origin, these methods and the headers of a signature',
    fix: 'set the rules that oss-token-broker setup prints',
    link: 'https://www.alibabacloud.com/help/en/oss/user-guide/cors-12',
  });
}

function methodsFor({ name }: Bucket, grants: readonly Grant[]): readonly string[] {
  const permissions = new Set(
    grants.flatMap(({ allow }) =>
      allow.filter(({ target }) => target.bucket === name).flatMap((one) => one.permissions),
    ),
  );
  return [
    ...(permissions.has('write') ? ['PUT', 'POST'] : []),
    ...(permissions.has('delete') ? ['DELETE'] : []),
    'GET',
    'HEAD',
  ];
}

function isAllowed({ status, headers }: OssReply, origin: string, method: string): boolean {
  const allowed = headers.get('access-control-allow-origin');
  const methods = (headers.get('access-control-allow-methods') ?? '').split(',');
  return (
    status === 200 &&
    (allowed === origin || allowed === '*') &&
    methods.some((one) => one.trim() === method || one.trim() === '*')
  );
}

function explainElsewhere({ name, region, endpoint }: Bucket, reply: OssReply) {
  if (reply.endpoint === undefined) return undefined;
  const [, real = ''] =
    /^oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/.exec(reply.endpoint) ?? [];
  return {
    saw: `OSS answered ${reply.status} ${reply.code ?? ''}, use ${reply.endpoint}`,
    cause: `the bucket is in another region than the endpoint ${endpoint} of ${region}`,
    fix: `set buckets.${name}.region to ${real === '' ? 'the region of the bucket' : real}`,
    link: ENDPOINTS_PAGE,
  };
}

function unreachable({ endpoint, name }: Bucket, problem: string) {
  const isInternal = endpoint.includes('-internal.');
  return {
    saw: problem,
    cause: isInternal
      ? 'an internal endpoint answers inside Alibaba Cloud only, in the region of the bucket'
      : `no route to ${endpoint}, or no such name`,
    fix: isInternal
      ? 'run the doctor on a machine of that region, or leave out buckets.<name>.endpoint'.replace(
          '<name>',
          name,
        )
      : `check buckets.${name}.region and .endpoint, and the network`,
    link: ENDPOINTS_PAGE,
  };
}

function explainReply({ status, code = '', ec, requestId }: OssReply) {
  const id = requestId === undefined ? '' : `, request ${requestId}`;
  const saw = `OSS answered ${status} ${code}${ec === undefined ? '' : ` (EC ${ec})`}${id}`;
  if (ec === undefined) {
    return {
      saw,
      cause: 'something else answered in the place of OSS, or OSS does not say why',
      fix: 'check the endpoint of the bucket',
      link: ENDPOINTS_PAGE,
    };
  }
  const { meaning, cause, fix, link } = explainEc(ec);
  return { saw, cause: `${meaning}: ${cause}`, fix, link };
}
