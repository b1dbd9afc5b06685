/** Compares the body of a request to the S3 side with the hash in `x-amz-content-sha256`. */
import { createHash } from 'node:crypto';
import type { OssRequest } from './request.ts';
import { awsChunked, contentHashMismatch, s3Error, streamingNotImplemented } from './s3-error.ts';

export const UNSIGNED = 'UNSIGNED-PAYLOAD';

/**
 * Throws an OssError unless the hash is that of the body, or says that there is none. Chunks of AWS
 * are refused: https://www.alibabacloud.com/help/en/oss/user-guide/0017-00000804. That page names one
 * hash with which OSS takes them, `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`; the simulator does not.
 */
export function checkContent(
  { headers, body }: OssRequest,
  amz: ReadonlyMap<string, string>,
): void {
  const hash = amz.get('x-amz-content-sha256');
  if (hash?.startsWith('STREAMING-') === true) throw streamingNotImplemented(hash);
  const encodings = (headers['content-encoding'] ?? '').split(',');
  if (encodings.some((one) => one.trim().toLowerCase() === 'aws-chunked')) throw awsChunked();
  if (hash === undefined || hash === UNSIGNED) return;
  if (!/^[0-9a-f]{64}$/.test(hash)) throw s3Error('InvalidContentHash');
  if (createHash('sha256').update(body).digest('hex') !== hash) throw contentHashMismatch();
}
