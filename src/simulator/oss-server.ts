/** The simulated OSS: authenticates, asks RAM, performs and answers, and keeps a list of what it was asked. */
import { randomBytes as nodeRandomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { SimulatedCloud } from './cloud.ts';
import { authenticate } from './oss-authenticate.ts';
import { authorize } from './oss-authorize.ts';
import { OssError, ossError } from './oss-error.ts';
import { createOssObjects } from './oss-objects.ts';
import { neededPermissions, type Operation, readOperation } from './oss-operation.ts';
import { type OssAnswer, perform, type World } from './oss-perform.ts';
import { readPostedObject } from './oss-post-object.ts';
import { type OssRequest, readOssRequest } from './oss-request.ts';
import { element, textsOf, xmlDocument } from './oss-xml.ts';

/** One request that reached the simulated OSS, and what became of it. */
export interface OssCall {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly status: number;
  /** Of the identity that signed it. */
  readonly accessKeyId?: string;
}

export interface SimulatedOss {
  readonly handle: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Oldest first; at most the last 10,000. */
  readonly calls: readonly OssCall[];
}

export interface RunningOss extends SimulatedOss {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}

export interface SimulatedOssOptions {
  readonly cloud: SimulatedCloud;
  readonly randomBytes?: (size: number) => Buffer;
}

const CALLS_KEPT = 10_000;
const PUBLIC_ACLS = ['public-read', 'public-read-write'];

/** Makes a listener for node:http over an empty store. */
export function createSimulatedOss(options: SimulatedOssOptions): SimulatedOss {
  const { cloud, randomBytes = nodeRandomBytes } = options;
  const randomHex = (bytes: number) => randomBytes(bytes).toString('hex');
  const world: World = { cloud, objects: createOssObjects(), randomHex };
  const calls: OssCall[] = [];

  async function answer(
    request: OssRequest,
  ): Promise<OssAnswer & { readonly accessKeyId?: string }> {
    if (request.method === 'OPTIONS') return preflight(cloud, request);
    const operation = readOperation(request);
    if (request.bucket !== '' && !cloud.buckets.has(request.bucket)) throw ossError('NoSuchBucket');
    if (operation === 'PostObject') {
      const { identity, ...posted } = await readPostedObject(cloud, request);
      const upload = { ...request, ...posted };
      authorize(cloud, identity, neededPermissions(operation, upload, []), upload);
      return { ...perform(world, operation, upload), accessKeyId: identity.accessKeyId };
    }
    const identity = authenticate(cloud, request);
    if (identity === undefined) {
      if (!isPublic(world, operation, request)) throw ossError('AccessDenied');
      return perform(world, operation, request);
    }
    const keys =
      operation === 'DeleteMultipleObjects' ? textsOf(request.body.toString(), 'Key') : [];
    authorize(cloud, identity, neededPermissions(operation, request, keys), request);
    return { ...perform(world, operation, request), accessKeyId: identity.accessKeyId };
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomHex(12).toUpperCase();
    let request: OssRequest | undefined;
    let result: OssAnswer & { readonly accessKeyId?: string };
    try {
      request = await readOssRequest(incoming);
      result = await answer(request);
    } catch (error) {
      if (!(error instanceof OssError)) throw error;
      result = renderError(error, requestId, incoming.headers.host ?? '');
    }
    const { method = '', bucket = '', key = '' } = request ?? {};
    const { status, headers = {}, body = '', accessKeyId } = result;
    calls.push({
      method,
      bucket,
      key,
      status,
      ...(accessKeyId === undefined ? {} : { accessKeyId }),
    });
    if (calls.length > CALLS_KEPT) calls.shift();
    response.writeHead(status, {
      'x-oss-request-id': requestId,
      ...(method === 'HEAD' ? {} : { 'Content-Length': Buffer.byteLength(body) }),
      ...corsHeaders(cloud, bucket, incoming.headers.origin),
      ...headers,
    });
    response.end(method === 'HEAD' ? undefined : body);
  }

  return { handle, calls };
}

/** Listens on 127.0.0.1, by default on a free port. */
export async function startSimulatedOss(
  options: SimulatedOssOptions & { readonly port?: number },
): Promise<RunningOss> {
  const oss = createSimulatedOss(options);
  const server = createServer((incoming, response) => {
    oss.handle(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('There is no TCP address.');
  return {
    ...oss,
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Buckets are private; an object that was published can be read by anybody. */
function isPublic({ objects }: World, operation: Operation, { bucket, key }: OssRequest): boolean {
  const isReading = operation === 'GetObject' || operation === 'HeadObject';
  return isReading && PUBLIC_ACLS.includes(objects.get(bucket, key)?.acl ?? '');
}

function renderError(error: OssError, requestId: string, host: string): OssAnswer {
  const body = xmlDocument('Error', [
    element('Code', error.code),
    element('Message', error.message),
    element('RequestId', requestId),
    element('HostId', host),
    element('EC', error.ec),
    element('RecommendDoc', `https://api.aliyun.com/troubleshoot?q=${error.ec}`),
  ]);
  const headers = { 'Content-Type': 'application/xml', 'x-oss-ec': error.ec };
  return { status: error.status, headers, body };
}

function preflight(cloud: SimulatedCloud, { bucket, headers }: OssRequest): OssAnswer {
  const allowed = corsHeaders(cloud, bucket, headers['origin']);
  if (Object.keys(allowed).length === 0)
    throw ossError('AccessDenied', 'CORSResponse: no rule matches.');
  return {
    status: 200,
    headers: {
      'Access-Control-Allow-Methods': 'GET, PUT, POST, DELETE, HEAD',
      'Access-Control-Allow-Headers': headers['access-control-request-headers'] ?? '*',
      'Access-Control-Max-Age': '600',
    },
  };
}

function corsHeaders(
  cloud: SimulatedCloud,
  bucket: string,
  origin: string | undefined,
): Readonly<Record<string, string>> {
  const origins = cloud.buckets.get(bucket)?.corsOrigins ?? [];
  if (origin === undefined || !(origins.includes(origin) || origins.includes('*'))) return {};
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'ETag, x-oss-request-id',
    Vary: 'Origin',
  };
}
