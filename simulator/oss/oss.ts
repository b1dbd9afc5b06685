/** The simulated OSS: authenticates, authorizes, performs and answers requests, and records them. */
import { randomBytes as nodeRandomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SimulatedCloud } from '../cloud.ts';
import type { OssAnswer } from './answer.ts';
import { checkSignature, readSignature } from './authenticate.ts';
import { authorize } from './authorize.ts';
import { answerPreflight, corsHeaders } from './cors.ts';
import { OssError, ossError, wrongEndpoint } from './error.ts';
import { createOssObjects, type OssObjects } from './objects.ts';
import { type Operation, readOperation } from './operation.ts';
import { perform, type World } from './perform.ts';
import { ACTIONS, neededPermissions } from './permission.ts';
import { readFormSignature, readPostForm, toUpload } from './post-object.ts';
import {
  type Cnames,
  type OssRequest,
  type OssRequestHead,
  readOssBody,
  readOssHead,
} from './request.ts';
import { toS3Headers } from './s3-answer.ts';
import { toS3Error } from './s3-error.ts';
import { isS3Request, toOssRequest } from './s3-request.ts';
import { renderError, sendAnswer } from './send-answer.ts';
import { destinationOf } from './symlink.ts';
import { type Undocumented, WORST_CASE } from './undocumented.ts';

/** One request that reached the simulated OSS, with the status of its answer. */
export interface OssCall {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly status: number;
  /** The main action, e.g. `oss:PutObject`; absent for preflights and unknown operations. */
  readonly action?: string;
  /** As sent, unverified; absent for anonymous requests. */
  readonly accessKeyId?: string;
}

export interface SimulatedOss {
  readonly handle: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Oldest first; at most the last `callCapacity`. */
  readonly calls: readonly OssCall[];
  /** What is stored, without a question of who may see it. */
  readonly objects: OssObjects;
}

export interface SimulatedOssOptions {
  readonly cloud: SimulatedCloud;
  readonly randomBytes?: (size: number) => Uint8Array;
  /** The bucket of each custom domain, by `host` or `host:port` in lower case. */
  readonly cnames?: Cnames;
  /** Replaces what the connection of every request tells. */
  readonly connection?: Partial<Pick<OssRequestHead, 'sourceIp' | 'isSecure'>>;
  /** The longest accepted body; 64 MiB by default. */
  readonly maxBodyBytes?: number;
  /** How many calls are kept; 10,000 by default. */
  readonly callCapacity?: number;
  /** By default the answers that give a caller most. */
  readonly undocumented?: Partial<Undocumented>;
}

/** These follow symbolic links. */
const READING: ReadonlySet<Operation> = new Set<Operation>(['GetObject', 'HeadObject']);
const PUBLIC_ACLS = ['public-read', 'public-read-write'];

/** `handle` is a listener for node:http over an empty store; it rejects only for a broken connection or a bug. */
export function createSimulatedOss(options: SimulatedOssOptions): SimulatedOss {
  const { cloud, randomBytes = nodeRandomBytes, cnames = new Map() } = options;
  const { maxBodyBytes = 64 * 1024 * 1024, callCapacity = 10_000 } = options;
  const randomHex = (size: number) => Buffer.from(randomBytes(size)).toString('hex');
  const undocumented = { ...WORST_CASE, ...options.undocumented };
  const world: World = { cloud, objects: createOssObjects(), randomHex, undocumented };
  const calls: OssCall[] = [];

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomHex(12).toUpperCase();
    const seen: Seen = {};
    let result: OssAnswer;
    try {
      seen.head = { ...readOssHead(incoming, cnames), ...options.connection };
      const body = await readOssBody(incoming, maxBodyBytes);
      result = await answer(world, { ...seen.head, body }, seen);
    } catch (error) {
      if (!(error instanceof OssError)) throw error;
      const told = isS3(seen) ? toS3Error(error) : error;
      result = renderError(told, requestId, incoming.headers.host ?? '');
    }
    const { method = incoming.method ?? '', bucket = '' } = seen.head ?? {};
    record(method, bucket, result.status, seen);
    const headers = {
      'x-oss-request-id': requestId,
      ...corsHeaders(cloud, bucket, incoming.headers.origin),
      ...result.headers,
    };
    sendAnswer(response, {
      ...result,
      method,
      headers: isS3(seen) ? toS3Headers(headers) : headers,
    });
  }

  function record(method: string, bucket: string, status: number, seen: Seen): void {
    const { head, key = head?.key ?? '', action, accessKeyId } = seen;
    const known = {
      ...(action === undefined ? {} : { action }),
      ...(accessKeyId === undefined ? {} : { accessKeyId }),
    };
    calls.push({ method, bucket, key, status, ...known });
    if (calls.length > callCapacity) calls.shift();
  }

  return { handle, calls, objects: world.objects };
}

/** What is known about a request when it is answered or refused. */
interface Seen {
  head?: OssRequestHead;
  action?: string;
  accessKeyId?: string;
  /** Present if it is not in the URL. */
  key?: string;
}

function isS3({ head }: Seen): boolean {
  return head !== undefined && isS3Request(head);
}

async function answer(world: World, received: OssRequest, seen: Seen): Promise<OssAnswer> {
  const { cloud } = world;
  const request = isS3Request(received) ? toOssRequest(received) : received;
  const bucket = cloud.buckets.get(request.bucket);
  if (request.bucket !== '' && bucket === undefined) throw ossError('NoSuchBucket');
  if (bucket?.elsewhere !== undefined) throw wrongEndpoint(bucket.elsewhere);
  if (request.method === 'OPTIONS') return answerPreflight(cloud, request);
  const operation = readOperation(request);
  seen.action = ACTIONS[operation];

  if (operation === 'PostObject') {
    const form = await readPostForm(request);
    const presented = readFormSignature(form, bucket?.region);
    seen.accessKeyId = presented.accessKeyId;
    seen.key = form.fields.get('key') ?? '';
    const identity = checkSignature(cloud, presented);
    const upload = toUpload(cloud, request, form);
    const judged = world.undocumented.isFormAclAConditionKey ? upload : withoutAcl(upload);
    authorize(cloud, identity, neededPermissions(operation, upload), judged);
    return perform(world, operation, upload);
  }

  // the signature is of what was received
  const presented = readSignature(cloud, received);
  if (presented === undefined) {
    if (!READING.has(operation) || !isPublic(world, request)) throw ossError('AccessDenied');
    return perform(world, operation, request);
  }
  seen.accessKeyId = presented.accessKeyId;
  const identity = checkSignature(cloud, presented);
  authorize(cloud, identity, neededPermissions(operation, request), request);
  const destination = READING.has(operation) ? destinationOf(world.objects, request) : undefined;
  if (destination !== undefined && world.undocumented.isPolicyAppliedToDestination) {
    const there = { ...request, key: destination };
    authorize(cloud, identity, neededPermissions(operation, there), there);
  }
  return perform(world, operation, request);
}

/** Buckets are private; everybody can read an object with a public ACL, and a link if both ACLs are public. */
function isPublic({ objects }: World, { bucket, key }: OssRequest): boolean {
  const destination = destinationOf(objects, { bucket, key });
  const keys = destination === undefined ? [key] : [key, destination];
  return keys.every((one) => PUBLIC_ACLS.includes(objects.get(bucket, one)?.acl ?? ''));
}

function withoutAcl(upload: OssRequest): OssRequest {
  const { 'x-oss-object-acl': _acl, ...headers } = upload.headers;
  return { ...upload, headers };
}
