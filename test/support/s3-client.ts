/** Creates real AWS clients for the S3 side of the simulated OSS, and reads its refusals. */
import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { RunningOss } from '../../simulator/oss/server.ts';
import type { Credential } from './oss-client.ts';

/** Node does not resolve `<bucket>.s3.localhost` on every machine. */
const toLoopback: LookupFunction = (_hostname, { all }, callback) => {
  if (all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

/** With the settings that OSS needs: no chunks of AWS, and the bucket in the host name. */
export function createS3Client(
  oss: Pick<RunningOss, 's3Url'>,
  credential: Partial<Credential>,
  options: S3ClientConfig = {},
): S3Client {
  const { AccessKeyId = '', AccessKeySecret = '', SecurityToken } = credential;
  return new S3Client({
    endpoint: oss.s3Url,
    region: 'cn-hangzhou',
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: AccessKeySecret,
      ...(SecurityToken === undefined ? {} : { sessionToken: SecurityToken }),
    },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { httpAgent: new Agent({ lookup: toLoopback }) },
    maxAttempts: 1,
    logger: QUIET,
    ...options,
  });
}

/** Adds `Content-MD5` to DeleteObjects, which OSS demands and the SDK no longer sends. */
export function addContentMd5(client: S3Client): S3Client {
  client.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (isWithBody(request)) {
        request.headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
      }
      return next(args);
    },
    { step: 'build', name: 'addContentMd5' },
  );
  return client;
}

/** Code and status of a refusal; the SDK invents codes for HEAD. Throws if OSS did not refuse. */
export async function s3Refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('OSS did not refuse'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error) || !('$metadata' in error)) throw error;
  const { $metadata } = error;
  const hasStatus = typeof $metadata === 'object' && $metadata !== null;
  const status = hasStatus && 'httpStatusCode' in $metadata ? $metadata.httpStatusCode : '';
  return `${status} ${error.name}`;
}

function isWithBody(
  request: unknown,
): request is { readonly body: string; readonly headers: Record<string, string> } {
  return (
    typeof request === 'object' &&
    request !== null &&
    'headers' in request &&
    'body' in request &&
    typeof request.body === 'string'
  );
}
